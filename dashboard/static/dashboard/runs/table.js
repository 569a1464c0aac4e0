// The table of the page, fetched anew for every state of the URL. Rows that stay keep their place, focus and scroll.
import { getPart, report } from "./ask.js";
import { onChange, set } from "../urlstate.js";

export const WORDS = ["q", "sort", "cols", "group", "within", "size", "page", "upto", "view", "state", "tag"];
const FETCHED = [...WORDS, "baseline"]; // cells say how far they are from the baseline's
const PARTS = ["view", "chips", "table", "pager"];

const part = (root, name) => root.querySelector(`[data-part=${name}]`);

/** Make the URL say about the table what a link of the server says, and nothing else about it. */
export function go(query, options = { push: true }) {
  const wish = new URLSearchParams(query);
  set(Object.fromEntries(WORDS.map((name) => [name, wish.get(name)])), options);
}

export class Table {
  /** `onShown({live})` after rows changed; `onPending(text)` for what a live refresh holds back, "" for nothing. */
  constructor({ onShown = () => {}, onPending = () => {} }) {
    Object.assign(this, { onShown, onPending, waiting: null, said: new WeakMap() });
    this.box = part(document, "table");
    onChange((names) => (!names || FETCHED.some((name) => names.has(name))) && this.load());
    document.addEventListener("click", (event) => this.click(event));
    this.remember(document);
  }

  get rows() {
    return [...this.box.querySelectorAll("[data-row]")];
  }

  /** Ids of the runs on this page, in order, members of opened groups too. */
  get runs() {
    return [...this.box.querySelectorAll("[data-run]")].map((row) => row.dataset.run);
  }

  get told() {
    const { runs, export: exported, query, isLive } = document.querySelector("[data-table-told]").dataset;
    return { runs: Number(runs), exported, query, live: isLive !== undefined };
  }

  /** Links of the server that lead to this page stay on it. */
  click(event) {
    const link = event.target.closest('a[href^="?"]');
    if (!link || event.ctrlKey || event.metaKey || event.button || link.dataset.value !== undefined) return;
    if (!link.closest("[data-part]")) return;
    event.preventDefault();
    go(event.shiftKey && link.dataset.also ? link.dataset.also : link.getAttribute("href").slice(1));
  }

  async load({ live = false } = {}) {
    if (live && this.loading) return;
    this.loading?.abort();
    const loading = (this.loading = new AbortController());
    if (!live) this.box.ariaBusy = "true";
    try {
      const fresh = await getPart(location.pathname + location.search, { signal: loading.signal });
      if (loading !== this.loading) return;
      this.loading = null;
      if (live) this.refresh(fresh);
      else this.show(fresh);
    } catch (error) {
      if (error.name === "AbortError") return;
      this.loading = null;
      if (!live) report(error, { doing: "The table stays as it was" }); // live parts say elsewhere that the server is away
    } finally {
      if (!this.loading) this.box.ariaBusy = "false";
    }
  }

  /** What came by itself: rows that are here are brought up to date, others wait while somebody points at the table. */
  refresh(fresh) {
    const before = this.rows.filter((row) => !row.dataset.memberOf).map(identity);
    const now = [...part(fresh, "table").querySelectorAll("[data-row]")].map(identity);
    if (before.join("\n") === now.join("\n") || !this.isUsed()) return this.show(fresh, { live: true });
    const added = now.filter((each) => !before.includes(each)).length;
    this.patchRows(fresh);
    this.remember(fresh);
    this.waiting = fresh;
    this.onPending(added ? `${added} new ${noun(fresh, added)}` : "The order has changed");
  }

  /** Somebody is in the middle of using the table: nothing may move. */
  isUsed() {
    const scroll = this.box.querySelector("[data-scroll]");
    return Boolean(
      this.rows.length &&
        (this.box.matches(":hover") || this.box.contains(document.activeElement) || scroll?.scrollTop > 0),
    );
  }

  /** Show what was held back. */
  catchUp() {
    if (this.waiting) this.show(this.waiting, { live: true });
  }

  show(fresh, { live = false } = {}) {
    this.waiting = null;
    this.onPending("");
    const held = document.activeElement !== document.body;
    for (const name of PARTS) {
      const [old, next] = [part(document, name), part(fresh, name)];
      if (name === "table" && this.sameColumns(next)) this.patchTable(old, next);
      else if (this.said.get(old) !== next.innerHTML) replace(old, next);
    }
    if (held && document.activeElement === document.body) intoTable(); // what had the focus is not there any more
    this.remember(fresh);
    this.onShown({ live });
  }

  sameColumns(next) {
    const here = this.box.querySelector("[data-runs-table]");
    const there = next.querySelector("[data-runs-table]");
    return Boolean(here && there && here.dataset.cols === there.dataset.cols);
  }

  patchTable(old, next) {
    replace(old.querySelector("thead"), next.querySelector("thead"), { keep: true });
    const body = old.querySelector("[data-rows]");
    const top = [...body.children].filter((row) => !row.dataset.memberOf);
    this.arrange(body, top, [...next.querySelectorAll("[data-row]")]);
  }

  /** Rows of one level in the server's order, after `at` or on top; those that are here stay, with what is in them. */
  arrange(body, here, fresh, at = null) {
    const mine = new Map(here.map((row) => [identity(row), row]));
    for (const each of fresh) {
      const row = mine.get(identity(each)) ?? document.adoptNode(each);
      mine.delete(identity(each));
      if (row !== each) this.patchRow(row, each);
      else this.said.set(row, each.innerHTML);
      const place = at ? at.nextElementSibling : body.firstElementChild;
      if (place !== row) {
        const members = membersOf(row);
        body.insertBefore(row, place);
        row.after(...members);
      }
      at = lastOf(row);
    }
    for (const gone of mine.values()) {
      for (const row of [...membersOf(gone), gone]) row.remove();
    }
    return at;
  }

  /** Rows that are in both, where they stand. */
  patchRows(fresh) {
    const there = new Map([...part(fresh, "table").querySelectorAll("[data-row]")].map((row) => [identity(row), row]));
    for (const row of this.rows) if (there.has(identity(row))) this.patchRow(row, there.get(identity(row)));
    this.onShown({ live: true });
  }

  patchRow(row, fresh) {
    const html = fresh.innerHTML;
    if (this.said.get(row) === html) return;
    this.said.set(row, html);
    const opened = row.querySelector("[aria-expanded]")?.ariaExpanded;
    replace(row, document.importNode(fresh, true));
    row.toggleAttribute("data-live-run", fresh.hasAttribute("data-live-run"));
    if (fresh.dataset.query !== undefined) row.dataset.query = fresh.dataset.query; // whose curve the charts draw
    if (opened) row.querySelector("[aria-expanded]").ariaExpanded = opened;
  }

  /** What the server said of each part and row, to know what has changed; the page's own marks are no change. */
  remember(fresh) {
    for (const name of PARTS) this.said.set(part(document, name), part(fresh, name).innerHTML);
    if (fresh === document) for (const row of this.rows) this.said.set(row, row.innerHTML);
  }
}

/** The focus, to the first thing in the table that can be used; in an empty one, to the page's content. */
export function intoTable() {
  const next = part(document, "table")?.querySelector("input, a[href], button") ?? document.querySelector("#content");
  next?.focus({ preventScroll: true });
}

const identity = (row) => row.dataset.run ?? `group ${row.dataset.group}`;

const noun = (fresh, count) =>
  `${fresh.querySelector("[data-row][data-group]") ? "group" : "run"}${count === 1 ? "" : "s"}`;

export function membersOf(row) {
  const found = [];
  for (let next = row.nextElementSibling; next && within(next, row); next = next.nextElementSibling) found.push(next);
  return found;
}

const within = (next, row) => (next.dataset.memberOf ?? "").split("\n").includes(row.dataset.group ?? "\0");

const lastOf = (row) => membersOf(row).at(-1) ?? row;

/** New contents for an element; what had the focus has it again, and a scrolled box stays where it was. */
function replace(old, next, { keep = false } = {}) {
  if (keep && old.innerHTML === next.innerHTML) return;
  const focus = old.contains(document.activeElement) ? path(old, document.activeElement) : null;
  const scroll = old.querySelector("[data-scroll]");
  const at = [scroll?.scrollTop ?? 0, scroll?.scrollLeft ?? 0];
  old.replaceChildren(...[...next.childNodes].map((node) => document.importNode(node, true)));
  const box = old.querySelector("[data-scroll]");
  if (box) box.scrollTo(at[1], 0);
  if (focus) find(old, focus)?.focus({ preventScroll: true });
}

const STOPS = "a[href], button, input, select, [tabindex]";

function path(root, node) {
  return { href: node.getAttribute("href"), column: node.closest("[data-column]")?.dataset.column, at: [...root.querySelectorAll(STOPS)].indexOf(node), tag: node.tagName };
}

function find(root, { column, at, tag }) {
  const header = column && [...root.querySelectorAll("[data-column]")].find((each) => each.dataset.column === column);
  if (header) return header.querySelector(tag);
  return root.querySelectorAll(STOPS)[at];
}
