// The menu of a chart: how it is drawn, larger, pinned, as a table, and what leaves it as a file. One menu serves all charts.
import { element, home } from "./elements.js";
import * as exporting from "./exporting.js";
import { axisFields, choice, rangeFields, smoothFields } from "./fields.js";
import { PINNED } from "./shelf.js";
import { joined } from "./settings.js";
import { Stage } from "./stage.js";

const SCALES = ["Vertical axis", [["", "as the board"], ["linear", "linear"], ["log", "log"], ["symlog", "symlog"]]];
const OUTLIERS = ["Outliers", [["", "as the board"], ["clip", "clipped"], ["off", "shown"]]];

export class Menu {
  constructor(board) {
    this.board = board;
    this.stage = new Stage(board);
    this.box = element("div", { class: "chart-menu", popover: "auto", "aria-label": "Chart" });
    home().append(this.box);
    this.box.addEventListener("beforetoggle", ({ newState }) => {
      if (newState === "closed" && this.button?.isConnected) this.button.focus();
    });
    this.clicked = (event) => {
      const button = event.target.closest("[data-chart-menu]");
      if (button) this.open(button.closest("[data-key]").chart, button);
    };
    board.root.addEventListener("click", this.clicked);
    this.stage.dialog.addEventListener("click", this.clicked);
  }

  open(chart, button) {
    this.chart = chart;
    this.box.replaceChildren(...this.fields(chart), element("hr"), ...this.acts(chart));
    (chart.card.closest("dialog") ?? home()).append(this.box); // over a dialog only from within it
    this.box.showPopover();
    const { left, bottom, right } = button.getBoundingClientRect();
    const { offsetWidth, offsetHeight } = this.box;
    this.box.style.setProperty("left", `${Math.max(8, Math.min(left, right - offsetWidth, innerWidth - offsetWidth - 8))}px`);
    this.box.style.setProperty("top", `${Math.max(8, Math.min(bottom + 4, innerHeight - offsetHeight - 8))}px`);
    this.box.querySelector("select, button").focus();
    this.button = button;
  }

  fields(chart) {
    const { settings } = this.board;
    const own = settings.own.get(chart.name) ?? {};
    const put = (name) => (value) => settings.setOwn(chart.name, { [name]: value });
    return [
      ...axisFields(own.x ?? "", (x) => settings.setOwn(chart.name, { x, zoom: "" })),
      choice(SCALES, own.y ?? "", put("y")),
      ...rangeFields(chart, put("range")),
      ...smoothFields(own.smooth ?? "", put("smooth")),
      choice(OUTLIERS, own.outliers ?? "", put("outliers")),
    ];
  }

  acts(chart) {
    const { board } = this;
    const acts = [
      [this.stage.holds(chart) ? "Close the large view" : "Large view", () => this.stage.toggle(chart)],
      ...(chart.panel ? this.ofPanel(chart) : [this.pinning(chart)]),
      ["Data table", () => this.stage.table(chart)],
      ["Whole range", () => board.unzoom(chart)],
      chart.leftOut ? [`Draw all writers (${chart.leftOut} more)`, () => Object.assign(chart, { all: true }).draw()] : null,
      ["Save as PNG", () => exporting.picture(chart, "png")],
      ["Save as SVG", () => exporting.picture(chart, "svg")],
      ["Data as CSV, as drawn", () => exporting.seen(chart)],
      ["Data as CSV, every point", () => exporting.everything(chart)],
      ["LaTeX table", () => exporting.latex(chart)],
    ];
    return acts.filter(Boolean).map(([text, act]) => {
      const button = element("button", { class: "button bare slim", type: "button" }, text);
      button.addEventListener("click", () => {
        this.box.hidePopover();
        act();
      });
      return button;
    });
  }

  /** Of a chart that somebody put together. */
  ofPanel({ panel }) {
    const { board } = this;
    const others = (change) => board.settings.setPanels(board.settings.panels.flatMap((each) => (each.name === panel.name ? change(each) : [each])));
    const remove = () => {
      if (this.stage.shown?.panel === panel) this.stage.dialog.close();
      others(() => []);
      board.root.querySelector("[data-add-chart]").focus();
    };
    return [
      ["Edit…", () => board.asking.open(panel)],
      [panel.wide ? "Normal width" : "Wide", () => others((each) => [{ ...each, wide: !each.wide }])],
      ["Remove", remove],
    ];
  }

  pinning(chart) {
    const pinned = this.board.settings.top.includes(chart.name);
    return [pinned ? "Unpin" : "Pin on top", () => this.pin(chart, !pinned)];
  }

  pin(chart, pinned) {
    const rest = this.board.settings.top.filter((key) => key !== chart.name);
    this.board.settings.set({ top: joined(pinned ? [...rest, chart.name] : rest) });
    if (pinned) this.board.root.querySelector(`[data-section="${PINNED}"]`)?.scrollIntoView({ block: "nearest" });
  }

  destroy() {
    this.box.remove();
    this.stage.destroy();
  }
}
