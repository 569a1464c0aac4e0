// Where in the list which item is: heights of pages, known ones and those to be expected, summed up.
import { PAGE } from "./pages.js";

export class Geometry {
  constructor() {
    this.row = 18; // px
    this.pages = new Map(); // number: {items, tops} of pages that are here; tops has one more than items
    this.sums = new Float64Array(1);
    this.stale = true;
  }

  /** `folds`: what is hidden; `count`: lines of the log. */
  shape(count, folds) {
    Object.assign(this, { count, folds, stale: true });
  }

  /** `lines`: how many raw lines these items are. */
  set(number, items, lines, height) {
    const tops = new Float64Array(items.length + 1);
    items.forEach((item, at) => (tops[at + 1] = tops[at] + height(item)));
    this.pages.set(number, { items, tops, lines });
    this.stale = true;
  }

  forget(number) {
    if (this.pages.delete(number)) this.stale = true;
  }

  /** Forget the pages that `wanted(number)` does not want. */
  keep(wanted) {
    for (const number of [...this.pages.keys()]) if (!wanted(number)) this.forget(number);
  }

  clear() {
    this.pages.clear();
    this.stale = true;
  }

  /** A row was measured. */
  correct(number, at, height) {
    const { tops } = this.pages.get(number);
    const more = height - (tops[at + 1] - tops[at]);
    if (Math.abs(more) < 0.5) return 0;
    for (let i = at + 1; i < tops.length; i += 1) tops[i] += more;
    this.stale = true;
    return more;
  }

  height(number) {
    const page = this.pages.get(number);
    const first = number * PAGE + 1;
    const last = Math.min(first + PAGE - 1, this.count);
    if (page) return page.tops.at(-1) + Math.max(0, last - first + 1 - page.lines) * this.row; // it may have grown since
    return (last - first + 1 - this.folds.hidden(first, last)) * this.row;
  }

  sum() {
    if (!this.stale) return;
    const pages = Math.ceil(this.count / PAGE);
    if (this.sums.length !== pages + 1) this.sums = new Float64Array(pages + 1);
    for (let number = 0; number < pages; number += 1) this.sums[number + 1] = this.sums[number] + this.height(number);
    this.stale = false;
  }

  get total() {
    this.sum();
    return this.sums.at(-1);
  }

  /** The page that is `y` px from the top, and how far into it that is. */
  at(y) {
    this.sum();
    const number = upper(this.sums, y) - 1;
    const bounded = Math.min(Math.max(number, 0), Math.max(this.sums.length - 2, 0));
    return { number: bounded, within: y - this.sums[bounded] };
  }

  top(number) {
    this.sum();
    return this.sums[Math.min(number, this.sums.length - 1)];
  }

  /** The item of a page at that height, by its place. */
  itemAt(number, within) {
    const page = this.pages.get(number);
    return page ? Math.min(Math.max(upper(page.tops, within) - 1, 0), Math.max(page.items.length - 1, 0)) : 0;
  }

  /** The line that is so far into a page that is not here. */
  lineAt(number, within) {
    const first = number * PAGE + 1;
    const rows = Math.max(0, Math.floor(within / this.row));
    let low = first;
    let high = Math.max(first, Math.min(first + PAGE - 1, this.count));
    while (low < high) {
      const middle = (low + high) >> 1;
      if (middle - first + 1 - this.folds.hidden(first, middle) > rows) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** How far from the top a line is; where it is part of another row, that row. */
  of(line) {
    const number = Math.floor((line - 1) / PAGE);
    const page = this.pages.get(number);
    if (!page) {
      const first = number * PAGE + 1;
      return this.top(number) + (line - first - this.folds.hidden(first, line)) * this.row;
    }
    let at = page.items.findLastIndex((item) => item.line <= line && item.kind === "line");
    while (at > 0 && page.items[at - 1].line === page.items[at].line && page.items[at - 1].kind === "line") at -= 1;
    return this.top(number) + page.tops[Math.max(at, 0)];
  }
}

/** How many of the rising numbers are at most `value`. */
function upper(numbers, value) {
  let low = 0;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (numbers[middle] <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}
