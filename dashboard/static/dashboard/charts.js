// The charts of a page: only those on the screen are fetched, drawn and kept up to date.
import { append, lineOf, linesOf, resolve, traces } from "./figure.js";
import { number } from "./words.js";

const DRAW_EVERY = 500; // ms: live points are drawn at most twice a second
const THIN_AGAIN = 4000; // points in a line, after which the server thins it anew
const AT_ONCE = 12; // figures in one request
const MOST_WATCHED = 400; // lines that the server looks after
const CONFIG = { displayModeBar: false, responsive: true, doubleClick: "reset", showTips: false };

/** Key and writer of a series, as the server calls it. */
function parted(name) {
  const [, key, writer] = /^([^]*)\n([a-z0-9-]{1,32})$/.exec(name) ?? ["", name, ""];
  return [key, writer];
}

export class Charts {
  constructor(root, { onShown = () => {} } = {}) {
    Object.assign(this, { root, onShown, axis: "step", weight: 0, log: false, query: root.dataset.query });
    this.figures = new Map(); // by key
    this.wanted = new Set();
    this.dirty = new Set();
    this.shown = new Set();
    this.observer = new IntersectionObserver((entries) => this.scrolled(entries), { rootMargin: "240px" });
    this.adopt();
    this.installTools();
    document.addEventListener("whirr:theme", () => this.redraw());
    setInterval(() => this.drawDirty(), DRAW_EVERY);
  }

  cards() {
    return [...this.root.querySelectorAll("[data-key]")];
  }

  card(key) {
    return this.cards().find((card) => card.dataset.key === key);
  }

  adopt() {
    this.cards().forEach((card) => this.observer.observe(card));
    const none = document.querySelector("[data-no-charts]");
    if (none) none.hidden = this.cards().some((card) => !card.dataset.key.startsWith("system/"));
    const tools = document.querySelector("[data-chart-tools]");
    if (tools) tools.hidden = this.cards().length === 0;
  }

  scrolled(entries) {
    for (const { target, isIntersecting } of entries) {
      const key = target.dataset.key;
      if (!isIntersecting) this.shown.delete(key);
      else {
        this.shown.add(key);
        if (!this.figures.has(key)) this.want(key);
      }
    }
    this.onShown();
  }

  want(key) {
    this.wanted.add(key);
    clearTimeout(this.soon);
    this.soon = setTimeout(() => this.fetchWanted(), 30);
  }

  async fetchWanted() {
    const keys = [...this.wanted].slice(0, AT_ONCE);
    keys.forEach((key) => this.wanted.delete(key));
    if (!keys.length) return;
    const query = keys.map((key) => `&key=${encodeURIComponent(key)}`).join("");
    const asked = `${this.query}&axis=${this.axis}`;
    try {
      const answer = await fetch(`${this.root.dataset.figures}?${asked}${query}`);
      if (!answer.ok) throw new Error(`figures: ${answer.status}`);
      const { figures } = await answer.json();
      if (asked !== `${this.query}&axis=${this.axis}`) return; // another axis or attempt was chosen meanwhile
      for (const figure of figures) {
        this.figures.set(figure.meta.key, figure);
        this.draw(figure.meta.key);
      }
      this.onShown();
    } catch (error) {
      console.warn(error);
      setTimeout(() => keys.forEach((key) => this.want(key)), 5000);
    }
    if (this.wanted.size) this.fetchWanted();
  }

  draw(key) {
    const figure = this.figures.get(key);
    const card = this.card(key);
    if (!figure || !card || !window.Plotly) return;
    this.dirty.delete(key);
    const layout = structuredClone(figure.layout);
    layout.datarevision = (this.revision = (this.revision || 0) + 1);
    layout.height = card.querySelector("[data-plot]").clientHeight || layout.height;
    if (this.log) layout.yaxis = { ...layout.yaxis, type: "log" };
    window.Plotly.react(card.querySelector("[data-plot]"), resolve(traces(figure, this.weight)), resolve(layout), CONFIG);
    const lines = figure.data.filter((trace) => trace.meta?.role === "line");
    const y = lines.length === 1 ? lines[0].y.at(-1) : undefined;
    if (y !== undefined) card.querySelector("[data-latest]").textContent = y === null ? "NaN" : number(y);
  }

  drawDirty() {
    if (document.hidden) return;
    for (const key of this.dirty) if (this.shown.has(key)) this.draw(key);
  }

  redraw() {
    for (const key of this.figures.keys()) this.dirty.add(key);
    this.drawDirty();
  }

  /** How many points of each chart on the screen this page has, for the server to go on from. */
  cursors(run) {
    const counts = {};
    for (const key of this.shown) {
      const lines = this.figures.has(key) ? linesOf(this.figures.get(key), run) : [];
      if (Object.keys(counts).length + lines.length > MOST_WATCHED) break;
      for (const { meta } of lines) counts[meta.writer ? `${key}\n${meta.writer}` : key] = meta.count;
    }
    return counts;
  }

  /** Points that came over the socket. */
  append(run, series) {
    for (const [name, columns] of Object.entries(series)) {
      const [key, writer] = parted(name);
      const figure = this.figures.get(key);
      if (!figure) continue;
      const result = append(figure, run, columns, this.axis, writer);
      const long = result === "grown" && lineOf(figure, run, writer).x.length > THIN_AGAIN;
      if (result === "stale" || long) this.want(key);
      if (result === "grown") this.dirty.add(key);
    }
  }

  /** Take over cards for metrics that are new, from a document in which the server drew all of them. */
  merge(fresh) {
    for (const section of fresh.querySelectorAll("[data-section]")) {
      const mine = [...this.root.querySelectorAll("[data-section]")].find(
        (each) => each.dataset.section === section.dataset.section,
      );
      if (!mine) {
        for (const card of section.querySelectorAll("[data-key]")) if (this.card(card.dataset.key)) card.remove();
        const machine = this.root.querySelector('[data-section="system"]'); // stays last
        if (section.querySelector("[data-key]")) this.root.insertBefore(document.adoptNode(section), machine);
      } else {
        for (const card of section.querySelectorAll("[data-key]")) {
          if (!this.card(card.dataset.key)) mine.querySelector(".chart-grid").append(document.adoptNode(card));
        }
        mine.querySelector(".count").textContent = mine.querySelectorAll("[data-key]").length;
      }
    }
    this.adopt();
  }

  /** Another attempt: nothing of the old one stays. */
  reset(query) {
    this.query = query;
    for (const card of this.cards()) window.Plotly?.purge(card.querySelector("[data-plot]"));
    this.root.replaceChildren();
    this.forget();
    this.adopt();
  }

  forget() {
    for (const each of [this.figures, this.wanted, this.dirty]) each.clear();
  }

  installTools() {
    const tools = document.querySelector("[data-chart-tools]");
    if (!tools) return;
    for (const button of tools.querySelectorAll("[data-axis]")) {
      button.addEventListener("click", () => {
        this.axis = button.dataset.axis;
        tools.querySelectorAll("[data-axis]").forEach((each) => (each.ariaPressed = String(each === button)));
        this.forget();
        this.shown.forEach((key) => this.want(key));
      });
    }
    const slider = tools.querySelector("[data-smoothing]");
    slider.addEventListener("input", () => {
      this.weight = Number(slider.value);
      tools.querySelector("[data-smoothing-value]").textContent = slider.value;
      this.redraw();
    });
    const scale = tools.querySelector("[data-scale]");
    scale.addEventListener("click", () => {
      this.log = !this.log;
      scale.ariaPressed = String(this.log);
      this.redraw();
    });
    tools.querySelector("[data-find-metric]").addEventListener("input", (event) => this.find(event.target.value));
  }

  find(text) {
    const wanted = text.trim().toLowerCase();
    for (const card of this.cards()) card.hidden = !card.dataset.key.toLowerCase().includes(wanted);
    for (const section of this.root.querySelectorAll("[data-section]")) {
      section.hidden = !section.querySelector("[data-key]:not([hidden])");
    }
  }
}
