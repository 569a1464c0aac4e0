// The list of rows as one sees it: of millions only those in view are in the document.
import { rowElement } from "./element.js";
import { pageOf } from "./pages.js";

const TALLEST = 15_000_000; // px: browsers draw nothing further down
const SPARE = 30; // rows above and below the view
const STILL = 150; // ms without a scroll
const NEAR = 8; // px from the end that still count as the end

export class List {
  /** `source`: {pages, geometry, arrange(number), expects(number), look()}; `onScroll(byHand, up)` tells of moves. */
  constructor(view, source, { onScroll }) {
    Object.assign(this, { view, source, onScroll });
    this.spacer = view.querySelector("[data-log-space]");
    this.rows = view.querySelector("[data-log-lines]");
    this.y = 0; // px from the top of the whole list
    this.top = 0; // the scroll bar where we left it
    this.known = new WeakMap(); // item: element
    view.addEventListener("scroll", () => this.scrolled(), { passive: true });
    this.watcher = new ResizeObserver(() => this.resized());
    this.watcher.observe(view);
  }

  get geometry() {
    return this.source.geometry;
  }

  get inside() {
    return this.view.clientHeight;
  }

  get furthest() {
    return Math.max(0, this.geometry.total - this.inside);
  }

  /** How many px of the list one px of the scroll bar is. */
  get scale() {
    const room = Math.min(this.geometry.total, TALLEST) - this.inside;
    return room > 0 ? Math.max(1, this.furthest / room) : 1;
  }

  atEnd() {
    return this.y >= this.furthest - NEAR;
  }

  /** Whether the scroll bar was moved; what is there now is drawn then. */
  scrolled() {
    const isMoved = this.hear();
    if (isMoved) this.draw();
    return isMoved;
  }

  /**
   * Follow the scroll bar. Its event comes with the next frame; what is drawn before must not undo the move. Whoever
   * hears of a move first must draw: the event finds nothing new then.
   */
  hear() {
    const top = this.view.scrollTop;
    const by = top - this.top;
    if (Math.abs(by) < 1) return false;
    this.top = top;
    const { scale } = this;
    const atEdge = top <= 0 || top >= this.view.scrollHeight - this.inside - 1;
    if (scale === 1 || atEdge || Math.abs(by) > this.inside * 1.5) this.y = top * scale;
    else this.y += by; // a wheel or a key moves by rows, however long the log is
    this.y = Math.min(Math.max(this.y, 0), this.furthest);
    clearTimeout(this.still);
    this.still = setTimeout(() => this.scrolled() || this.settle(), STILL);
    this.onScroll(by < 0);
    return true;
  }

  /** Put the scroll bar where the list is. */
  settle() {
    const top = this.y / this.scale;
    const isThere = Math.abs(this.view.scrollTop - top) < 1;
    if (!isThere) this.view.scrollTop = top;
    this.top = this.view.scrollTop;
    if (!isThere) this.place();
  }

  resized() {
    this.draw();
    this.onScroll(false, true);
  }

  to(y) {
    this.source.shape();
    this.y = Math.min(Math.max(y, 0), this.furthest);
    this.size();
    this.settle();
    this.draw();
  }

  /** As the keys of a list that has the focus do: one row stays. */
  page(by) {
    this.view.scrollBy({ top: by * (this.inside - this.geometry.row), behavior: "instant" });
  }

  // Where rows are hidden or collapsed is known once their pages are here: so both look twice.

  toEnd() {
    this.to(Infinity);
    if (this.y < this.furthest) this.to(Infinity);
  }

  /** A line a third down, and `until`, a line behind it, in view as well. */
  toLine(line, until = line) {
    this.source.shape();
    const place = () => Math.max(this.geometry.of(line) - this.inside / 3, this.geometry.of(until) + 3 * this.geometry.row - this.inside);
    this.to(place());
    this.to(place());
  }

  size() {
    const total = `${Math.ceil(Math.min(this.geometry.total, TALLEST))}px`;
    this.spacer.style.setProperty("height", total);
    this.view.parentElement.style.setProperty("--log-total", total);
  }

  /** What keeps its place while heights change, and how far below it the view begins: the line that was gone to, or the first. */
  held() {
    const line = this.source.target?.line;
    const off = line ? this.y - this.geometry.of(line) : 1;
    return off <= 0 && -off < this.inside ? { line, off } : this.anchor();
  }

  /** The first line in view. */
  anchor() {
    const { number, within } = this.geometry.at(this.y);
    const page = this.geometry.pages.get(number);
    const item = page?.items[this.geometry.itemAt(number, within)];
    const line = item?.line ?? this.geometry.lineAt(number, within);
    return { line, off: this.y - this.geometry.of(line) };
  }

  /** Do something that may change heights, and keep what is in view where it is. */
  keeping(change) {
    if (this.hear()) this.later();
    const { line, off } = this.held();
    change();
    this.y = Math.min(Math.max(this.geometry.of(line) + off, 0), this.furthest);
    this.size();
    this.settle();
  }

  later() {
    this.wanted ??= requestAnimationFrame(() => {
      this.wanted = undefined;
      this.draw();
    });
  }

  draw() {
    this.arrange();
    const shown = this.inView();
    if (this.source.wraps() && this.measure(shown)) return this.later();
    this.place();
    this.source.showState(); // a jump makes no scroll that the page hears of
    return undefined;
  }

  /** Pages in view that are here become items. */
  arrange() {
    const { pages } = this.source;
    this.source.shape();
    const above = SPARE * this.geometry.row;
    const span = () => [
      this.geometry.at(Math.max(0, this.y - above)).number,
      this.geometry.at(this.y + this.inside + above).number,
    ];
    this.keeping(() => {
      for (let turn = 0; turn < 4; turn += 1) {
        const [from, to] = span();
        pages.need(from, to, (number) => this.source.expects(number));
        let changed = false;
        for (let number = from; number <= to; number += 1) changed = this.source.arrange(number) || changed;
        if (!changed) break;
      }
    });
  }

  inView() {
    const { geometry } = this;
    const from = this.y - SPARE * geometry.row;
    const until = this.y + this.inside + SPARE * geometry.row;
    const shown = [];
    const elements = [];
    this.first = null;
    const last = pageOf(Math.max(1, geometry.count));
    for (let { number } = geometry.at(Math.max(0, from)); number <= last && geometry.top(number) < until; number += 1) {
      const page = geometry.pages.get(number);
      if (!page) {
        this.first ??= null;
        continue;
      }
      const top = geometry.top(number);
      let at = geometry.itemAt(number, from - top);
      for (; at < page.items.length && top + page.tops[at] < until; at += 1) {
        this.first ??= top + page.tops[at];
        shown.push([number, at]);
        elements.push(this.element(page.items[at]));
      }
    }
    this.swap(elements);
    return shown;
  }

  element(item) {
    const look = this.source.look();
    let known = this.known.get(item);
    if (known?.look !== look.version) {
      known = { look: look.version, element: rowElement(item, look) };
      this.known.set(item, known);
    }
    return known.element;
  }

  /** Put these elements into the document, and touch none that is there already. */
  swap(elements) {
    const wanted = new Set(elements);
    for (const child of [...this.rows.children]) if (!wanted.has(child)) child.remove();
    elements.forEach((element, at) => {
      const there = this.rows.children[at];
      if (there !== element) this.rows.insertBefore(element, there ?? null);
    });
  }

  /** Rows that wrap are as high as they are; whether that moved anything. */
  measure(shown) {
    const children = [...this.rows.children];
    const heights = children.map((child) => child.getBoundingClientRect().height);
    let moved = false;
    this.keeping(() => {
      shown.forEach(([number, at], place) => {
        if (this.geometry.correct(number, at, heights[place])) moved = true;
      });
    });
    return moved;
  }

  place() {
    const first = this.first ?? this.y;
    this.rows.style.setProperty("transform", `translateY(${(this.view.scrollTop + first - this.y).toFixed(1)}px)`);
  }
}
