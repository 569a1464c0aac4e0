// The sections of a board and their cards. Cards of folded sections are not made; what is far off the screen is not kept drawn.
import { Chart } from "./chart.js";
import { element } from "./elements.js";
import { finder } from "./finding.js";
import { told } from "./looks.js";

const NEAR = "240px"; // round the screen
const DRAWN_AT_MOST = 48; // charts that Plotly keeps; those seen longest ago are let go
const FACETS = 24;
export const PINNED = "pinned";

/** Sections for the settings: pinned charts first, each metric once, only those that are looked for. */
export function sectionsOf(sections, { top, find }) {
  const { test } = finder(find);
  const there = new Set(sections.flatMap(({ keys }) => keys));
  const pinned = top.filter((key) => there.has(key) && test(key));
  const rest = sections.map((each) => ({ ...each, keys: each.keys.filter((key) => test(key) && !top.includes(key)) }));
  const first = pinned.length ? [{ name: PINNED, keys: pinned, open: true }] : [];
  const found = [...first, ...rest.filter(({ keys }) => keys.length)];
  return find.trim() ? found.map((each) => ({ ...each, open: true })) : found;
}

export class Shelf {
  constructor(board, root) {
    Object.assign(this, { board, root });
    this.sections = new Map(); // name → {node, grid, keys}
    this.cards = new Map(); // id of a chart → Chart
    this.drawn = new Set(); // charts, those seen longest ago first
    this.folded = new Map(); // what a person folded or opened
    this.observer = new IntersectionObserver((entries) => this.scrolled(entries), { rootMargin: NEAR });
  }

  charts() {
    return [...this.cards.values()];
  }

  of(key) {
    return this.charts().filter((chart) => chart.key === key);
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
    this.facetsLeft = Math.max(0, all.length - FACETS);
    return all.slice(0, FACETS);
  }

  arrange(sections, facets) {
    this.facets = facets;
    const known = new Set(sections.map(({ name }) => name));
    for (const [name, { node }] of this.sections) {
      if (known.has(name)) continue;
      node.remove();
      this.sections.delete(name);
    }
    const wanted = new Set();
    for (const told of sections) {
      const section = this.section(told);
      this.root.append(section.node); // in this order
      section.keys = told.keys;
      section.node.querySelector(".count").textContent = told.keys.length;
      section.node.querySelector("summary").classList.toggle("unseen", !told.name && sections.length === 1);
      const open = this.folded.get(told.name) ?? told.open;
      if (section.node.open !== open) section.node.open = open; // `toggle` fills it
      for (const id of this.fill(section)) wanted.add(id);
    }
    for (const [id, chart] of this.cards) if (!wanted.has(id)) this.drop(id, chart);
  }

  section({ name, open }) {
    const found = this.sections.get(name);
    if (found) return found;
    const grid = element("div", { class: "chart-grid" });
    const summary = element("summary", {}, [name || "metrics", " ", element("span", { class: "count soft" })]);
    const node = element("details", { class: "chart-section", "data-section": name, open }, [summary, grid]);
    const section = { node, grid, keys: [] };
    summary.addEventListener("click", () => this.folded.set(name, !node.open));
    node.addEventListener("toggle", () => this.fill(section));
    this.sections.set(name, section);
    return section;
  }

  /** Cards of an open section, in order; those of a folded one stay if they are there. Answers the ids it should have. */
  fill({ node, grid, keys }) {
    const ids = [];
    const sets = this.facets.length ? this.facets : [null];
    let place = grid.firstElementChild;
    for (const key of keys) {
      for (const facet of sets) {
        const id = facet ? `${key}\n\n${facet.label}` : key;
        ids.push(id);
        if (!node.open && !this.cards.has(id)) continue;
        const { card } = this.cards.get(id) ?? this.make(id, key, facet);
        if (facet) this.cards.get(id).facet = facet;
        if (card === place) place = place.nextElementSibling;
        else grid.insertBefore(card, place);
      }
    }
    return ids;
  }

  make(id, key, facet) {
    const chart = new Chart(this.board, key, facet);
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
