// Tooltips that the server completes when somebody points at a cell: why a job waits, the step of a best value.
import { getJson } from "./ask.js";

const STALE = 5_000; // milliseconds: what a run waits for changes while its row stays as it is

export class Tips {
  constructor({ table, ask = getJson, now = () => performance.now() }) {
    Object.assign(this, { ask, now, told: new WeakMap() });
    table.box.addEventListener("pointerover", (event) => this.point(event.target));
    table.box.addEventListener("focusin", (event) => this.point(event.target));
  }

  async point(target) {
    const cell = target.closest("td[data-tip]");
    const run = cell?.closest("[data-run]")?.dataset.run;
    const shown = cell?.firstElementChild; // a cell that the table brings up to date has another one
    if (!run || !shown) return;
    const { tip: column } = cell.dataset;
    const before = this.told.get(shown);
    if (before && this.now() < before.until) return;
    const mine = { title: before?.title ?? shown.title, until: column === "state" ? this.now() + STALE : Infinity };
    this.told.set(shown, mine);
    try {
      const { text } = await this.ask(`/runs/tip.json?${new URLSearchParams({ run, column })}`);
      if (this.told.get(shown) === mine) shown.title = [mine.title, text].filter(Boolean).join("\n");
    } catch {
      mine.until = -Infinity; // the next look asks again; nobody is told of a tooltip that did not come
    }
  }
}
