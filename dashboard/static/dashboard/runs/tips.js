// Tooltips that the server completes when somebody points at a cell: why a job waits, the step of a best value.
import { getJson } from "./ask.js";

export class Tips {
  constructor({ table, ask = getJson }) {
    Object.assign(this, { ask, told: new WeakMap() });
    table.box.addEventListener("pointerover", (event) => this.point(event.target));
    table.box.addEventListener("focusin", (event) => this.point(event.target));
  }

  async point(target) {
    const cell = target.closest("td[data-tip]");
    const run = cell?.closest("[data-run]")?.dataset.run;
    const shown = cell?.firstElementChild;
    if (!run || !shown || this.told.has(shown)) return;
    this.told.set(shown, true); // a cell that the table brings up to date is another element
    try {
      const { text } = await this.ask(`/runs/tip.json?${new URLSearchParams({ run, column: cell.dataset.tip })}`);
      if (text) shown.title = [shown.title, text].filter(Boolean).join("\n");
    } catch {
      this.told.delete(shown); // the next look asks again; nobody is told of a tooltip that did not come
    }
  }
}
