// What a run logged that is no number: a card for each key; only those near the screen are fetched and kept up to date.
import { resolve } from "./charts/paint.js";
import { plotlyFor } from "./whole_plotly.js";

const TRY_AGAIN = 3000;
const CONFIG = { displayModeBar: false, responsive: true, showTips: false };

export class Media {
  /** `onKeys` is called when the server was asked which there are. */
  constructor(root, { attempt, onKeys = () => {} }) {
    Object.assign(this, { root, attempt, onKeys });
    this.near = new Set();
    this.figures = new Map(); // by card
    this.questions = 0;
    this.answered = new WeakMap(); // card, or the grid of all → the latest question that was
    this.drawnBy = new WeakMap(); // plot → the build of Plotly that drew it
    this.stale = new Set();
    this.observer = new IntersectionObserver((entries) => this.scrolled(entries), { rootMargin: "240px" });
    root.addEventListener("input", (event) => this.moved(event.target));
    root.addEventListener("htmx:afterSwap", (event) => this.told(event.target.closest("[data-card]")));
    document.addEventListener("whirr:theme", () => this.figures.forEach((figure, card) => this.draw(card, figure).catch(console.warn)));
    this.adopt();
  }

  get grid() {
    return this.root.querySelector("[data-media-grid]");
  }

  /** How many lines of events files this page knows of. */
  get cursor() {
    return Number(this.grid.dataset.events);
  }

  cards(root = this.root) {
    return [...root.querySelectorAll("[data-card]")];
  }

  adopt() {
    for (const card of this.cards()) {
      if (!card.dataset.seen) this.stale.add(card);
      card.dataset.seen = "1";
      this.observer.observe(card);
    }
  }

  scrolled(entries) {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting) this.near.add(target);
      else this.near.delete(target);
    }
    this.loadStale();
  }

  loadStale() {
    for (const card of this.stale) {
      if (!this.near.has(card)) continue;
      this.stale.delete(card);
      if (card.dataset.kind === "histogram") this.fetchFigure(card);
      else window.htmx.trigger(card.querySelector("[data-media-view]"), "refresh");
    }
  }

  async fetchFigure(card) {
    const plot = card.querySelector("[data-media-plot]");
    const number = (this.questions += 1);
    try {
      const answer = await fetch(plot.dataset.mediaPlot);
      if (!answer.ok) throw new Error(`histogram: ${answer.status}`);
      const { figure, unread } = await answer.json();
      if (number < this.answered.get(card) || !card.isConnected) return; // a later question was answered first
      this.answered.set(card, number);
      const note = card.querySelector("[data-unread]");
      note.hidden = unread === 0;
      note.textContent = `${unread} of them cannot be read`;
      if (figure) this.figures.set(card, figure);
      if (figure) await this.draw(card, figure);
    } catch (error) {
      console.warn(error);
      setTimeout(() => card.isConnected && this.stale.add(card) && this.loadStale(), TRY_AGAIN);
    }
  }

  async draw(card, figure) {
    const plotly = await plotlyFor(figure.data);
    const plot = card.querySelector("[data-media-plot]");
    if (!plot || this.figures.get(card) !== figure) return; // a newer one came meanwhile
    if (this.drawnBy.get(plot) !== plotly) this.drawnBy.get(plot)?.purge(plot);
    this.drawnBy.set(plot, plotly);
    const data = resolve(figure.data);
    for (const trace of data) {
      if (trace.colorscale) trace.colorscale = trace.colorscale.map(([at, colour]) => [at, resolve(colour)]);
    }
    const layout = { ...resolve(figure.layout), height: plot.clientHeight || figure.layout.height };
    layout.datarevision = this.revision = (this.revision || 0) + 1;
    plotly.react(plot, data, layout, CONFIG);
  }

  /** A slider says where it stands while it moves; the item follows. */
  moved(slider) {
    if (!slider.matches("[data-media-step]")) return;
    const card = slider.closest("[data-card]");
    card.querySelector("[data-media-told]").textContent = `${Number(slider.value) + 1} of ${card.dataset.count}`;
  }

  /** An item came: what it says about itself stands below it and is what a screen reader reads for the slider. */
  told(card) {
    const item = card?.querySelector("[data-item]");
    if (!item) return;
    card.querySelector("[data-media-told]").textContent = item.dataset.told;
    card.querySelector("[data-media-step]").setAttribute("aria-valuetext", item.dataset.told);
  }

  /** Something was logged: learn which keys there are by now. */
  async refresh() {
    const asked = this.attempt;
    const number = (this.questions += 1);
    try {
      const answer = await fetch(`${this.root.dataset.media}?attempt=${asked}`);
      if (!answer.ok) throw new Error(`media: ${answer.status}`);
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (asked !== this.attempt || number < this.answered.get(this.grid)) return;
      this.answered.set(this.grid, number);
      this.merge(fresh);
    } catch (error) {
      console.warn(error);
      clearTimeout(this.again);
      this.again = setTimeout(() => this.refresh(), TRY_AGAIN);
    }
  }

  merge(fresh) {
    const mine = new Map(this.cards().map((card) => [nameOf(card), card]));
    let before = null;
    for (const card of this.cards(fresh)) {
      const known = mine.get(nameOf(card));
      if (known) this.grow(known, Number(card.dataset.count));
      else this.insert(document.adoptNode(card), before);
      before = known ?? card;
    }
    this.grid.dataset.events = fresh.querySelector("[data-media-grid]").dataset.events;
    this.root.querySelector(".heading").replaceWith(document.adoptNode(fresh.querySelector(".heading")));
    if (this.cards().length) this.root.querySelector("[data-media-empty]")?.remove();
    this.adopt();
    this.loadStale();
    this.onKeys();
  }

  insert(card, before) {
    if (before) before.after(card);
    else this.grid.prepend(card);
    window.htmx.process(card);
  }

  grow(card, count) {
    if (count <= Number(card.dataset.count)) return;
    card.dataset.count = count;
    const slider = card.querySelector("[data-media-step]");
    const follows = !slider || slider.value === slider.max;
    if (slider) {
      slider.max = count - 1;
      slider.parentElement.hidden = count < 2;
      if (follows) slider.value = slider.max;
    }
    if (follows && !card.querySelector("[data-whole]")) this.stale.add(card);
  }

  /** Another attempt: nothing of the old one stays. */
  reset(attempt) {
    this.attempt = attempt;
    for (const card of this.cards()) card.remove();
    for (const each of [this.near, this.figures, this.stale]) each.clear();
    this.grid.dataset.events = "0";
    this.refresh();
  }
}

const nameOf = (card) => JSON.stringify([card.dataset.kind, card.dataset.name]);
