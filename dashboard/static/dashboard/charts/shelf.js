// The sections of a board and their cards. Cards of folded sections are not made; what is far off the screen is not kept drawn.
import { Chart, plain } from "./chart.js";
import { element } from "./elements.js";
import { finder } from "./finding.js";
import { told } from "./looks.js";

const NEAR = "240px"; // round the screen
const DRAWN_AT_MOST = 48; // charts that Plotly keeps; those seen longest ago are let go
const FACETS = 24;
const FOLDS = 200; // sections whose state is kept for the next visit
export const PINNED = "pinned";
export const MINE = "My charts";
const MINE_ID = "\nmine"; // no prefix of metrics

/**
 * Sections for the settings: charts that were put together, then pinned ones, then each metric once; only those that are
 * looked for. `id` is of sections that are no prefix of metrics.
 */
export function sectionsOf(sections, { top, find }, panels = []) {
  const { test } = finder(find);
  const mine = panels.filter(({ title, keys }) => [title, ...keys].some(test)).map(({ name }) => name);
  const there = new Set(sections.flatMap(({ keys }) => keys));
  const pinned = top.filter((key) => there.has(key) && test(key));
  const rest = sections.map((each) => ({ ...each, keys: each.keys.filter((key) => test(key) && !top.includes(key)) }));
  const first = [{ id: MINE_ID, name: MINE, keys: mine, open: true }, { id: "\npinned", name: PINNED, keys: pinned, open: true }];
  const found = [...first, ...rest].filter(({ keys }) => keys.length);
  return find.trim() ? found.map((each) => ({ ...each, open: true })) : found;
}

/** Make a node its parent's child at this place; one that is there already stays as it is, with focus and all. */
function putAt(parent, at, node) {
  const there = parent.childNodes[at] ?? null;
  if (there !== node) parent.insertBefore(node, there);
}

export class Shelf {
  constructor(board, root) {
    Object.assign(this, { board, root });
    this.sections = new Map(); // name → {node, grid, keys}
    this.cards = new Map(); // id of a chart → Chart
    this.drawn = new Set(); // charts, those seen longest ago first
    this.folded = new Map(board.settings.folds()); // what a person folded or opened
    this.observer = new IntersectionObserver((entries) => this.scrolled(entries), { rootMargin: NEAR });
  }

  charts() {
    return [...this.cards.values()];
  }

  of(key) {
    return this.charts().filter((chart) => chart.keys.includes(key));
  }

  /** One chart for each value of these columns: [{id, label, runs}]; beyond the first, none, and the board says so. */
  facetsOf(byRun, columns) {
    const found = new Map();
    for (const [run, { values }] of byRun) {
      const label = columns.map((column) => `${column.replace(/^config\./, "")} ${told(values[column])}`).join(" · ");
      if (!found.has(label)) found.set(label, new Set());
      found.get(label).add(run);
    }
    const all = [...found].map(([label, runs]) => ({ label, runs }));
    all.sort((one, other) => one.label.localeCompare(other.label, undefined, { numeric: true }));
    const runs = all.slice(FACETS).reduce((sum, each) => sum + each.runs.size, 0);
    this.facetsLeft = runs ? { columns, values: all.length, shown: FACETS, runs } : null;
    return columns.length ? all.slice(0, FACETS) : [];
  }

  /** `panels`: the charts that were put together, as panels.js has them shown. */
  arrange(sections, facets, panels = []) {
    const focused = document.activeElement;
    this.facets = facets;
    this.panels = new Map(panels.map((each) => [each.name, each]));
    const known = new Set(sections.map(({ id, name }) => id ?? name));
    for (const [name, { node }] of this.sections) {
      if (known.has(name)) continue;
      node.remove();
      this.sections.delete(name);
    }
    const wanted = new Set(sections.flatMap(({ id, keys }) => keys.flatMap((key) => this.idsOf(key, id === MINE_ID))));
    for (const [id, chart] of this.cards) if (!wanted.has(id)) this.drop(id, chart); // first, so that no other has to move
    sections.forEach((told, at) => {
      const section = this.section(told);
      putAt(this.root, at, section.node);
      section.keys = told.keys;
      section.node.querySelector(".count").textContent = told.keys.length;
      section.node.querySelector("summary").classList.toggle("unseen", !told.name && sections.length === 1);
      const open = this.folded.get(told.id ?? told.name) ?? told.open;
      if (section.node.open !== open) section.node.open = open; // `toggle` fills it
      this.fill(section);
    });
    if (focused !== document.activeElement && this.root.contains(focused)) focused.focus({ preventScroll: true });
  }

  /** Of its cards: one, or one for each facet. The line's end keeps a chart of several metrics apart from a metric's. */
  idsOf(key, isMine) {
    const id = isMine ? `\n${key}` : key;
    return this.facets.length ? this.facets.map(({ label }) => `${id}\n\n${label}`) : [id];
  }

  section({ id, name, open }) {
    const place = id ?? name;
    const found = this.sections.get(place);
    if (found) return found;
    const grid = element("div", { class: "chart-grid" });
    const summary = element("summary", {}, [name || "metrics", " ", element("span", { class: "count soft" })]);
    const node = element("details", { class: "chart-section", "data-section": name, open }, [summary, grid]);
    const section = { node, grid, keys: [], isMine: id === MINE_ID };
    summary.addEventListener("click", () => this.fold(place, !node.open));
    node.addEventListener("toggle", () => this.fill(section));
    this.sections.set(place, section);
    return section;
  }

  /** What was folded, or opened, last is remembered. */
  fold(place, open) {
    this.folded.delete(place);
    this.folded.set(place, open);
    this.board.settings.keep({ folds: [...this.folded].slice(-FOLDS) });
  }

  /** Cards of an open section, in order; those of a folded one stay if they are there. Only what is out of order moves. */
  fill({ node, grid, keys, isMine }) {
    let filled = 0;
    for (const key of keys) {
      this.idsOf(key, isMine).forEach((id, at) => {
        if (!node.open && !this.cards.has(id)) return;
        const facet = this.facets[at] ?? null;
        const told = isMine ? this.panels.get(key) : plain(key);
        const chart = this.cards.get(id) ?? this.make(id, told, facet);
        if (facet) chart.facet = facet;
        if (isMine) chart.update(told);
        putAt(grid, filled, this.board.menu.stage.standIn(chart));
        filled += 1;
      });
    }
  }

  make(id, told, facet) {
    const chart = new Chart(this.board, told, facet);
    this.cards.set(id, chart);
    this.observer.observe(chart.card);
    return chart;
  }

  drop(id, chart) {
    this.observer.unobserve(chart.card);
    this.drawn.delete(chart);
    this.cards.delete(id);
    chart.destroy();
  }

  scrolled(entries) {
    for (const { target, isIntersecting } of entries) {
      const { chart } = target;
      if (isIntersecting) {
        this.drawn.delete(chart);
        this.drawn.add(chart);
      }
      chart.setVisible(isIntersecting);
    }
    for (const chart of this.drawn) {
      if (this.drawn.size <= DRAWN_AT_MOST) break;
      if (chart.visible) continue;
      chart.purge();
      this.drawn.delete(chart);
    }
    this.board.changed();
  }

  destroy() {
    this.observer.disconnect();
    for (const chart of this.charts()) chart.destroy();
    this.cards.clear();
  }
}
