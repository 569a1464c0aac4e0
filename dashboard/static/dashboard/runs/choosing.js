// The check boxes of the table and the selection behind them: one by one, a range with Shift, a page, a group, all.
import { toast } from "../toast.js";
import { getJson, report } from "./ask.js";

const number = (count) => count.toLocaleString("en");

export class Choosing {
  constructor({ table, selection }) {
    Object.assign(this, { table, selection, last: null });
    this.matching = document.querySelector("[data-choose-matching]");
    table.box.addEventListener("click", (event) => this.range(event));
    table.box.addEventListener("change", (event) => this.tick(event));
    document.querySelector("[data-choose-none]").addEventListener("click", () => selection.clear());
    this.matching.addEventListener("click", () => this.chooseMatching());
  }

  boxes() {
    return [...this.table.box.querySelectorAll("[data-choose]")];
  }

  /** With Shift, everything between the last box and this one becomes as this one. */
  range(event) {
    const box = event.target;
    if (!box.matches("[data-choose]")) return;
    const all = this.boxes();
    const [from, to] = [all.findIndex((each) => each.value === this.last), all.indexOf(box)];
    if (event.shiftKey && from >= 0) {
      const between = all.slice(Math.min(from, to), Math.max(from, to) + 1);
      this.selection.put(between.map((each) => each.value), box.checked);
    }
    this.last = box.value;
  }

  tick(event) {
    const box = event.target;
    const { whole, ids: { size } } = this.selection;
    if (whole?.count > size && !box.checked) toast(`Of the ${number(whole.count)} runs, only the first ${number(size)} stay selected.`);
    if (box.matches("[data-choose]")) this.selection.put([box.value], box.checked);
    else if (box.matches("[data-choose-all]")) this.chooseAll(box);
    else if (box.matches("[data-choose-group]")) this.chooseGroup(box);
  }

  chooseAll(box) {
    const groups = [...this.table.box.querySelectorAll("[data-choose-group]")];
    if (groups.length) return this.ask("", box.checked);
    this.selection.put(this.boxes().map((each) => each.value), box.checked);
  }

  chooseGroup(box) {
    return this.ask(box.closest("[data-row]").dataset.query, box.checked);
  }

  /** One after the other: of a group that is ticked and unticked at once the last word counts. */
  ask(query, is) {
    this.asked = Promise.resolve(this.asked).then(() => this.put(query, is));
    return this.asked;
  }

  async put(query, is) {
    try {
      const { runs, count } = await getJson(`/runs/ids.json?${query || this.table.told.query}`);
      this.selection.put(runs, is);
      if (runs.length < count) toast(`These are the first ${number(runs.length)} of ${number(count)} runs. Filter, and select all that match, to mean all of them.`);
    } catch (error) {
      report(error);
      this.show();
    }
  }

  async chooseMatching() {
    try {
      const { query, runs: count } = this.table.told;
      const { runs } = await getJson(`/runs/ids.json?${query}&limit=${count}`);
      // What the server counted, and not what the address says by now: that may have gone on.
      const wish = new URLSearchParams(query);
      const [q, group, within] = ["q", "group", "within"].map((name) => wish.get(name) ?? "");
      this.selection.putWhole(runs, { q, group, within, count });
    } catch (error) {
      report(error);
    }
  }

  /** Bring the boxes into agreement with the selection. */
  show() {
    const { selection } = this;
    const boxes = this.boxes();
    for (const box of boxes) {
      box.checked = selection.has(box.value);
      box.closest("tr").classList.toggle("chosen", box.checked);
    }
    const ticked = boxes.filter((box) => box.checked).length;
    const all = this.table.box.querySelector("[data-choose-all]");
    if (all) {
      all.checked = ticked > 0 && ticked === boxes.length;
      all.indeterminate = ticked > 0 && !all.checked;
    }
    const { runs } = this.table.told;
    const more = ticked > 0 && ticked === boxes.length && runs > selection.size && !selection.whole;
    this.matching.hidden = !more;
    this.matching.textContent = `Select all ${number(runs)} that match`;
  }
}
