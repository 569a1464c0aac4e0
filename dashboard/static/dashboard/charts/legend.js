// The legend of a board: each run or group with its look, and an eye that hides its curves.
import { COLOURS, setColour } from "./colours.js";
import { element, swatch } from "./elements.js";
import { groupLook } from "./looks.js";

const LISTED = 100;

export class Legend {
  constructor(board, root) {
    Object.assign(this, { board, root, most: LISTED });
  }

  entries() {
    const { board } = this;
    if (board.groups.length) {
      return board.groups.map(({ label, runs }, at) => ({ name: label, label: `${label} · ${runs.length} run${runs.length === 1 ? "" : "s"}`, look: groupLook(at) }));
    }
    return [...board.byRun].map(([run, { label }]) => ({ name: run, label, run, look: board.looks.of(run) }));
  }

  show() {
    const entries = this.entries();
    document.dispatchEvent(new CustomEvent("whirr:looks", { detail: new Map(entries.map(({ name, look }) => [name, look])) }));
    this.root.hidden = entries.length < 2;
    this.showScale();
    if (this.root.hidden || !this.root.querySelector("[data-legend-count]")) return undefined;
    this.root.querySelector("[data-legend-count]").textContent = entries.length;
    const isOfGroups = this.board.groups.length > 0; // which line is which is nowhere else on the screen
    if (isOfGroups && !this.wasOfGroups) this.root.open = true;
    this.wasOfGroups = isOfGroups;
    const asked = JSON.stringify([entries, this.most, Boolean(this.board.looks?.column)]);
    if (asked === this.asked) return this.mark(); // rows that are the same keep the focus
    this.asked = asked;
    const { eye } = document.activeElement?.dataset ?? {};
    const rows = entries.slice(0, this.most).map((entry) => this.row(entry));
    if (entries.length > this.most) {
      const all = element("button", { class: "button slim bare", type: "button" }, `Show all ${entries.length}`);
      all.addEventListener("click", () => {
        this.most = Infinity;
        this.show();
      });
      rows.push(element("li", {}, all));
    }
    this.root.querySelector("[data-legend-list]").replaceChildren(...rows);
    if (eye !== undefined) this.root.querySelector(`[data-eye="${CSS.escape(eye)}"]`)?.focus({ preventScroll: true });
    return undefined;
  }

  /** What colours say where they tell values of a column. */
  showScale() {
    const { looks, settings } = this.board;
    const place = this.board.root.querySelector("[data-legend-scale]");
    if (!place) return;
    const marks = (looks?.legend ?? []).slice(0, LISTED).map(({ colour, label }) => element("span", {}, [swatch({ colour }), label]));
    place.replaceChildren(...(marks.length ? [element("b", {}, settings.colour), ...marks] : []));
  }

  row({ name, label, run, look }) {
    const { hidden } = this.board;
    const eye = element("button", { class: "button slim bare legend-eye", type: "button", "aria-pressed": String(!hidden.has(name)), "data-eye": name, title: "Show or hide" }, [swatch(look), element("span", {}, label)]);
    eye.addEventListener("click", () => this.board.hide(name, !hidden.has(name)));
    const tell = (value) => document.dispatchEvent(new CustomEvent("whirr:hover", { detail: { run: value, from: "legend" } }));
    const row = element("li", {}, eye);
    row.addEventListener("pointerenter", () => tell(name));
    row.addEventListener("pointerleave", () => tell(null));
    if (run && !this.board.looks.column) row.append(this.recolour(run, label));
    return row;
  }

  recolour(run, label) {
    const next = element("button", { class: "button slim bare", type: "button", title: "Another colour", "aria-label": `Another colour for ${label}` }, "◐");
    next.addEventListener("click", () => {
      const now = Number(this.board.looks.of(run).colour.replace("--series-", "")) || 0;
      setColour(run, (now + 1) % COLOURS);
    });
    return next;
  }

  /** Which are hidden, without making the rows anew. */
  mark() {
    for (const eye of this.root.querySelectorAll("[data-eye]")) eye.setAttribute("aria-pressed", String(!this.board.hidden.has(eye.dataset.eye)));
  }
}
