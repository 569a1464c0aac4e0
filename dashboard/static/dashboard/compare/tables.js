// The tables of the page: fetched when somebody scrolls to them, narrowed to what differs, searched by key.
import { get, set } from "../urlstate.js";
import { Grid } from "./grid.js";
import { fetchJson, sayTrouble, turns, whenNear } from "./lazy.js";
import { metricCells } from "./metric_cells.js";
import { textCells } from "./text_cells.js";

const TROUBLES_SHOWN = 5;

export class Table {
  constructor(root, state) {
    Object.assign(this, { root, state, part: root.dataset.part, found: null, turn: turns() });
    this.body = root.querySelector("[data-grid]");
    this.told = root.querySelector("[data-told]");
    this.kind = this.part === "metrics" ? metricCells(this) : textCells(this);
    for (const what of ["order", "kept"]) state.on(what, () => this.draw());
    state.on("directions", () => this.part === "metrics" && this.draw());
    whenNear(root, () => this.load());
  }

  async load() {
    const mine = this.turn();
    try {
      const query = this.state.query({ part: this.part });
      const found = await fetchJson(`/compare/part.json?${query}`, { signal: mine.signal });
      if (!mine.isNewest()) return;
      this.found = found;
      this.places = new Map(found.runs.map((id, at) => [id, at]));
      this.grid ??= new Grid(this.body, { label: `${this.root.getAttribute("aria-label")}: a column for each run`, ...this.kind });
      this.draw();
    } catch (error) {
      if (mine.isNewest() && !this.found) sayTrouble(this.body, error, () => this.load());
    }
  }

  /** Where a run's cells stand in the answer; undefined for one that it does not know. */
  place(run) {
    return this.places.get(run.id);
  }

  /** Whether what is the same in all runs is shown too. A single run differs from nothing: all of it is. */
  get everything() {
    return listedAll().has(this.part) || this.state.all.length < 2;
  }

  setEverything(wanted) {
    const parts = listedAll();
    if (wanted) parts.add(this.part);
    else parts.delete(this.part);
    set({ all: [...parts].join(",") });
    this.draw();
  }

  draw() {
    if (!this.grid) return;
    const runs = this.state.shown();
    const find = (this.find ?? "").toLowerCase();
    const found = this.found.rows.filter((row) => row.key.toLowerCase().includes(find));
    const rows = this.kind.keep ? found.filter((row) => this.kind.keep(row, runs)) : found;
    this.grid.show(rows, runs, this.state.baseline);
    this.grid.root.hidden = rows.length === 0;
    this.say(rows.length);
  }

  say(shown) {
    const { rows, trouble } = this.found;
    const said = [this.kind.summary(shown, rows.length, this.find)];
    const more = trouble.length - TROUBLES_SHOWN;
    said.push(...trouble.slice(0, TROUBLES_SHOWN).map((each) => `${each.run}: ${each.why}`));
    if (more > 0) said.push(`and ${more} more`);
    this.told.textContent = said.join(" · ");
    this.root.dataset.rows = shown;
  }

  search(text) {
    this.find = text;
    this.draw();
  }
}

const listedAll = () => new Set(get("all").split(",").filter(Boolean));

/** The links that take a table along: always with what the page shows of it now. */
export function followExports(root, state) {
  root.addEventListener("click", (event) => {
    const link = event.target.closest("[data-export]");
    if (!link) return;
    const part = link.closest("[data-part]").dataset.part;
    const all = listedAll().has(part) ? "1" : "";
    link.href = `/compare/export?${state.query({ part, format: link.dataset.export, shown: get("shown"), all })}`;
  });
}
