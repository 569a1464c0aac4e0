// One chart on the whole screen, and its values as a table: both in a dialog that Escape closes.
import { number } from "../words.js";
import { element, home } from "./elements.js";
import { told as tellValue } from "./looks.js";

const ROWS = 200;

export class Stage {
  constructor(board) {
    this.board = board;
    this.dialog = element("dialog", { class: "chart-stage", "data-board-large": "", "aria-label": "Chart, large" });
    this.dialog.addEventListener("close", () => this.back());
    home().append(this.dialog);
  }

  holds(chart) {
    return this.shown === chart;
  }

  /** What has a chart's place among the cards: a mark while the chart itself is shown large. */
  standIn(chart) {
    return this.holds(chart) ? this.place : chart.card;
  }

  toggle(chart) {
    if (this.holds(chart)) return this.dialog.close();
    this.shown = chart;
    this.place = document.createComment("a chart is shown large");
    chart.card.before(this.place);
    const close = element("button", { class: "button slim", type: "button" }, "Close");
    close.addEventListener("click", () => this.dialog.close());
    this.dialog.replaceChildren(element("p", { class: "chart-stage-bar" }, close), chart.card);
    this.dialog.showModal();
    document.querySelector("[data-chart-tip]") && this.dialog.append(this.board.hover.tip);
    return this.fresh(chart);
  }

  /** Drawn at its new size; from more points, where it has more room. */
  fresh(chart) {
    chart.setVisible(true);
    chart.draw();
  }

  back() {
    const chart = this.shown;
    if (!chart) return;
    this.shown = null;
    this.place.replaceWith(chart.card);
    home().append(this.board.hover.tip);
    this.dialog.replaceChildren();
    this.fresh(chart);
    chart.menu.focus();
  }

  /** Every curve of a chart in a table: for eyes that cannot see lines, and for exact values. */
  table(chart) {
    const dialog = element("dialog", { class: "chart-stage chart-table", "aria-label": `Values of ${chart.title}` });
    const close = element("button", { class: "button slim", type: "button" }, "Close");
    close.addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => {
      dialog.remove();
      chart.menu.focus();
    });
    const rows = chart.drawing?.drawn ?? [];
    const body = element("tbody");
    const fill = (most) => body.replaceChildren(...rows.slice(0, most).map((row) => this.row(row)));
    fill(ROWS);
    const head = ["Name", "Last", "Minimum", "Maximum", "Points", "NaN"].map((text) => element("th", { scope: "col" }, text));
    const more = rows.length > ROWS ? element("button", { class: "button slim", type: "button" }, `Show all ${rows.length}`) : null;
    more?.addEventListener("click", () => (fill(Infinity), more.remove()));
    const scroll = element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Values" }, element("table", {}, [element("thead", {}, element("tr", {}, head)), body]));
    dialog.append(element("p", { class: "chart-stage-bar" }, [element("b", {}, chart.title), close]), scroll, ...(more ? [more] : []));
    home().append(dialog);
    dialog.showModal();
  }

  row({ curve, label }) {
    const finite = curve.y.filter(Number.isFinite);
    const bound = (told, fold) => tellValue(typeof told === "number" ? told : finite.length ? finite.reduce(fold) : null);
    const cells = [
      number(curve.last ?? curve.y.at(-1)),
      bound(curve.min, (a, b) => Math.min(a, b)),
      bound(curve.max, (a, b) => Math.max(a, b)),
      String(curve.members ? curve.size : curve.count),
      String(curve.nan_count),
    ];
    return element("tr", {}, [element("th", { scope: "row" }, label), ...cells.map((text) => element("td", { class: "num" }, text))]);
  }

  destroy() {
    this.back();
    this.dialog.remove();
  }
}
