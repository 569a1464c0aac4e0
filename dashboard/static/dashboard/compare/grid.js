// A table with a row for each key and a column for each run. Only the columns on the screen are elements, so that five
// hundred runs scroll like five; the key and the baseline stay where they are.
import { button, icon, node, swatch } from "./nodes.js";

const COLUMN = 172;
const MARGIN = 3; // columns beyond either edge
const ROWS_AT_ONCE = 200;

export class Grid {
  /** `head(row)`: what stands at the left of a row; `cell(row, run)`: a td. */
  constructor(root, { label, head, cell }) {
    Object.assign(this, { root, head, cell, rows: [], runs: [], baseline: "", limit: ROWS_AT_ONCE });
    this.columns = node("colgroup");
    this.thead = node("thead");
    this.tbody = node("tbody");
    this.table = node("table", { class: "grid", "aria-label": label }, this.columns, this.thead, this.tbody);
    this.scroll = node("div", { class: "grid-scroll", tabindex: 0, role: "region", "aria-label": label }, this.table);
    this.more = node("div", { class: "grid-more" });
    root.replaceChildren(this.scroll, this.more);
    this.scroll.addEventListener("scroll", () => this.moved(), { passive: true });
    new ResizeObserver(() => this.moved({ anyway: true })).observe(this.scroll);
  }

  /** `runs` in their order; the one called `baseline` stands beside the keys. */
  show(rows, runs, baseline) {
    this.baseline = runs.find((run) => run.id === baseline) ?? null;
    this.runs = runs.filter((run) => run !== this.baseline);
    this.rows = rows;
    this.moved({ anyway: true });
  }

  get fixed() {
    return this.scroll.clientWidth < 560 ? 132 : 232;
  }

  /** The columns that can be seen now: [first, behind the last]. */
  window() {
    const before = this.fixed + (this.baseline ? COLUMN : 0);
    const room = Math.max(0, this.scroll.clientWidth - before);
    const first = Math.max(0, Math.floor(this.scroll.scrollLeft / COLUMN) - MARGIN);
    const last = Math.ceil((this.scroll.scrollLeft + room) / COLUMN) + MARGIN;
    return [first, Math.min(this.runs.length, last)];
  }

  moved({ anyway = false } = {}) {
    if (!this.scroll.clientWidth) return;
    const [first, last] = this.window();
    if (!anyway && first === this.first && last === this.last) return;
    Object.assign(this, { first, last });
    this.draw();
  }

  draw() {
    const focused = this.root.contains(document.activeElement) ? document.activeElement : null;
    const [key, verb] = [focused?.closest("tr")?.dataset.key, focused?.dataset.verb];
    this.build();
    if (verb) this.tbody.querySelector(`tr[data-key="${CSS.escape(key)}"] [data-verb="${verb}"]`)?.focus();
  }

  build() {
    const shown = this.runs.slice(this.first, this.last);
    const left = this.first * COLUMN;
    const right = (this.runs.length - this.last) * COLUMN;
    this.size(left, shown.length, right);
    this.thead.replaceChildren(this.headings(shown, left, right));
    const rows = this.rows.slice(0, this.limit);
    this.tbody.replaceChildren(...rows.map((row) => this.line(row, shown, left, right)));
    this.table.setAttribute("aria-colcount", this.runs.length + 1 + (this.baseline ? 1 : 0));
    this.drawMore();
  }

  size(left, count, right) {
    const widths = [this.fixed, ...(this.baseline ? [COLUMN] : []), ...(left ? [left] : [])];
    widths.push(...Array(count).fill(COLUMN), ...(right ? [right] : []));
    this.columns.replaceChildren(
      ...widths.map((width) => {
        const column = node("col");
        column.style.width = `${width}px`;
        return column;
      }),
    );
    const whole = this.fixed + (this.baseline ? COLUMN : 0) + this.runs.length * COLUMN;
    this.table.style.width = `${whole}px`;
    this.table.style.setProperty("--fixed", `${this.fixed}px`);
  }

  headings(shown, left, right) {
    const line = node("tr", {}, node("td", { class: "key" }));
    if (this.baseline) line.append(this.heading(this.baseline, 2, "base"));
    if (left) line.append(node("td", { class: "gap" }));
    const skip = this.baseline ? 3 : 2;
    shown.forEach((run, at) => line.append(this.heading(run, this.first + at + skip)));
    if (right) line.append(node("td", { class: "gap" }));
    return line;
  }

  heading(run, place, className = "") {
    const link = node("a", { href: `/runs/${encodeURIComponent(run.id)}/` }, ...told(run.label));
    const given = { scope: "col", class: className, "data-run": run.id, "aria-colindex": place, title: `${run.label} (${run.id})` };
    return node("th", given, swatch(run), " ", className && node("span", { class: "is-baseline soft" }, icon("target"), node("span", { class: "unseen" }, "baseline")), " ", link);
  }

  line(row, shown, left, right) {
    const line = node("tr", { "data-key": row.key });
    line.append(node("th", { scope: "row", class: "key", title: row.key }, ...this.head(row)));
    const cell = (run, place, className = "") => {
      const made = this.cell(row, run, className === "base");
      made.dataset.run = run.id;
      made.setAttribute("aria-colindex", place);
      if (className) made.classList.add(className);
      return made;
    };
    if (this.baseline) line.append(cell(this.baseline, 2, "base"));
    if (left) line.append(node("td", { class: "gap" }));
    const skip = this.baseline ? 3 : 2;
    shown.forEach((run, at) => line.append(cell(run, this.first + at + skip)));
    if (right) line.append(node("td", { class: "gap" }));
    return line;
  }

  drawMore() {
    const rest = this.rows.length - this.limit;
    this.more.hidden = rest <= 0;
    if (rest <= 0) return;
    const grow = (by) => () => {
      this.limit += by;
      this.draw();
    };
    const next = Math.min(rest, ROWS_AT_ONCE);
    this.more.replaceChildren(
      `${rest} more rows. `,
      button(`Show ${next} more`, grow(next)),
      rest > next && button(`Show all ${this.rows.length}`, grow(rest)),
    );
  }
}

/** What tells a run of a sweep from the others stands first; the name that it shares with them, below. */
function told(label) {
  const cut = label.lastIndexOf(" · ");
  return cut < 0 ? [label] : [label.slice(cut + 3), node("span", { class: "shared soft" }, label.slice(0, cut))];
}
