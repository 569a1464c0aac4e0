// One chart: what it fetches and when, and how it is drawn. A board tells it what is shown and when it is on the screen.
import { number } from "../words.js";
import { resolve } from "./paint.js";
import { drawing } from "./traces.js";
import { element, swatch } from "./elements.js";
import { linesOf, metricLooks } from "./lines.js";
import { heard } from "./telling.js";
import { xaxisFor } from "./xaxis.js";
import { meant } from "./zooming.js";

const CONFIG = { displayModeBar: false, responsive: false, doubleClick: false, showTips: false, showAxisDragHandles: false };
const AGAIN = 5000; // ms after which a call that failed is made once more, and what cannot be appended is fetched anew

const sizes = (title) => `Size of the charts: arrow keys, or drag (${title})`;

/** What a chart of one metric shows. */
export const plain = (key) => ({ name: key, title: key, keys: [key] });

export class Chart {
  /**
   * `told` is what it shows: {name, title, keys}, and of a chart that somebody put together (panels.js) {wide, more, panel}
   * too; `name` is what settings know it by. `facet` is {label, runs: Set} where runs are set apart, else null.
   */
  constructor(board, told, facet = null) {
    Object.assign(this, { board, facet, curves: [], known: 0, paused: 0, asked: 0 });
    this.take(told);
    this.build();
  }

  take({ name, title, keys, wide = false, more = 0, panel = null }) {
    Object.assign(this, { name, keys, wide, more, panel, title: this.facet ? `${title} · ${this.facet.label}` : title });
  }

  /** A chart that somebody put together has another title, width, or metrics now. */
  update(told) {
    this.take(told);
    this.called.textContent = this.called.title = this.title;
    this.card.ariaLabel = this.title;
    this.menu.ariaLabel = `Menu of ${this.title}`;
    this.handle.ariaLabel = sizes(this.title);
    if (this.wide !== this.card.classList.contains("is-wide")) {
      this.card.classList.toggle("is-wide", this.wide);
      this.dirty = this.curves.length > 0;
    }
  }

  build() {
    const { title } = this;
    this.plot = element("div", { class: "plot", "data-plot": "" });
    this.latest = element("span", { class: "latest num", "data-latest": "" });
    this.notes = element("span", { class: "chart-notes", "data-notes": "" });
    this.summary = element("p", { class: "unseen", "data-summary": "" });
    this.menu = element("button", { class: "button bare slim", type: "button", "data-chart-menu": "", "aria-haspopup": "menu", "aria-label": `Menu of ${title}` }, "⋯");
    this.called = element("h3", { title }, title);
    this.metrics = element("ul", { class: "chart-metrics", hidden: true, "data-chart-metrics": "", "aria-label": "Metrics" });
    this.handle = element("button", { class: "chart-size", type: "button", "data-chart-size": "", "aria-label": sizes(title), title: "Drag: the size of all charts" });
    this.card = element("article", { class: `chart${this.wide ? " is-wide" : ""}`, "data-key": this.name, "aria-label": title }, [
      element("header", {}, [this.called, this.notes, this.latest, this.menu]),
      this.metrics,
      this.plot,
      this.summary,
      this.handle,
    ]);
    this.card.chart = this;
  }

  get settings() {
    return this.board.settings.of(this.name);
  }

  get runs() {
    const { runs } = this.board;
    return this.facet ? runs.filter(({ run }) => this.facet.runs.has(run)) : runs;
  }

  /** It came onto the screen, or left it. */
  setVisible(visible) {
    this.visible = visible;
    if (!visible) return;
    if (this.wish !== this.wishText()) this.load();
    else if (this.dirty) this.draw();
  }

  /** What its points depend on: other settings need no fetching. */
  wishText() {
    const { x, zoom } = this.settings;
    const { groups, settings } = this.board;
    const grouped = groups.length ? [settings.agg, settings.band, groups] : [];
    return JSON.stringify([this.board.revision, this.keys.map((key) => [key, this.board.series[key]]), x, zoom, this.width(), ...grouped]);
  }

  width() {
    const { limits } = this.board.style;
    const series = (key) => this.board.groups.length || Math.max(1, this.board.series[key] ?? this.runs.length);
    const lines = this.keys.reduce((sum, key) => sum + series(key), 0) || 1;
    const pixels = Math.ceil((this.plot.clientWidth || 400) / 100) * 100;
    return Math.max(limits.narrowest, Math.min(limits.width, pixels, Math.floor(limits.buckets / lines)));
  }

  /** Fetch its points, if it can be seen; what was asked for meanwhile wins. */
  async load() {
    if (!this.visible || !this.board.style) {
      this.wish = null;
      return;
    }
    const number = (this.asked += 1);
    this.wish = this.wishText();
    clearTimeout(this.again);
    this.again = undefined; // or nobody would ask once more, see `later`
    this.card.setAttribute("aria-busy", "true");
    try {
      const curves = await this.fetch();
      if (number !== this.asked) return;
      this.curves = curves;
      this.paused = 0;
      this.failed = "";
      this.draw();
      this.board.changed();
    } catch (error) {
      if (number !== this.asked) return;
      console.warn(error);
      this.failed = error.message;
      this.wish = null;
      this.say();
      this.later();
    } finally {
      if (number === this.asked) this.card.removeAttribute("aria-busy");
    }
  }

  async fetch() {
    const { source, groups, settings, series } = this.board;
    const { x, zoom } = this.settings;
    const [from, to] = zoom ?? [null, null];
    const wish = { x, from, to, width: this.width() };
    if (!this.keys.length) return [];
    if (groups.length) return source.groups({ ...wish, keys: this.keys, groups: this.groupsHere(), agg: settings.agg, band: settings.band || "std" });
    return (await Promise.all(this.keys.map((key) => source.curves({ ...wish, key, runs: this.runs, series })))).flat();
  }

  groupsHere() {
    const { groups } = this.board;
    const cut = ({ label, runs }) => ({ label, runs: this.facet ? runs.filter((run) => this.facet.runs.has(run)) : runs });
    return groups.map(cut).filter(({ runs }) => runs.length);
  }

  draw() {
    this.dirty = false;
    if (!window.Plotly || !this.board.style || this.wish === undefined) return;
    const before = this.undrawn;
    this.undrawn = "";
    try {
      this.paint();
    } catch (error) {
      this.undrawn = error.message; // said once: fetched anew, the same points would fail again
      if (this.undrawn !== before) console.warn(error);
      this.say();
    }
  }

  paint() {
    const { style, settings } = this.board;
    const mine = this.settings;
    const { lines, leftOut } = linesOf(this);
    this.leftOut = leftOut;
    this.drawing = drawing(lines, style, { ...mine, bands: settings.band !== "off" });
    if (this.board.groups.length && settings.band === "off") this.drawing.data = this.drawing.data.filter(({ meta }) => !["low", "high"].includes(meta.role));
    if (mine.x === "time") for (const trace of this.drawing.data) trace.x = Float64Array.from(trace.x, (each) => each * 1000);
    window.Plotly.react(this.plot, resolve(this.drawing.data), resolve(this.layout(mine)), CONFIG);
    this.board.hover.attach(this);
    this.installZoom();
    this.say();
    this.sayMetrics(lines);
    document.dispatchEvent(new CustomEvent("whirr:drawn", { detail: { key: this.name } }));
  }

  /** Which dash, or colour, is which metric. */
  sayMetrics(lines) {
    const looks = this.keys.length > 1 ? metricLooks(this, lines) : [];
    this.metrics.hidden = !looks.length;
    this.metrics.replaceChildren(...looks.map((look) => element("li", {}, [swatch(look), element("span", { title: look.key }, look.key)])));
  }

  layout({ x, zoom }) {
    const layout = structuredClone(this.board.style.layout);
    layout.datarevision = this.revision = (this.revision ?? 0) + 1;
    layout.width = this.plot.clientWidth || 380;
    layout.height = this.plot.clientHeight || layout.height;
    Object.assign(layout.yaxis, this.drawing.axis.told);
    Object.assign(layout.xaxis, xaxisFor(x, zoom ?? this.extent()));
    return layout;
  }

  /** The least and the greatest x, with some room. */
  extent() {
    let [least, most] = [Infinity, -Infinity];
    for (const { x } of this.drawing.drawn) {
      for (let at = 0; at < x.length; at += 1) {
        if (x[at] < least) least = x[at];
        if (x[at] > most) most = x[at];
      }
    }
    if (least > most) return null;
    const room = (most - least) * 0.02 || 1;
    return [least - room, most + room];
  }

  installZoom() {
    if (this.zooms) return;
    this.zooms = true;
    this.plot.on("plotly_relayout", (change) => {
      const [from, to] = [change["xaxis.range[0]"], change["xaxis.range[1]"]];
      const values = [change["yaxis.range[0]"], change["yaxis.range[1]"]];
      const seconds = (each) => (this.settings.x === "time" ? new Date(`${each}Z`.replace(" ", "T")).getTime() / 1000 : Number(each));
      const range = from === undefined ? null : [seconds(from), seconds(to)];
      const dragged = values[0] === undefined ? null : values.map((each) => this.drawing.axis.value(this.drawing.axis.kind === "log" ? 10 ** each : each));
      if (!range && !dragged) return;
      const { range: along, fixed } = meant(this.drawing, range, dragged);
      if (along || fixed) this.board.zoomed(this, along, fixed);
      if (!fixed) this.draw(); // with the values that it had
    });
    this.plot.on("plotly_doubleclick", () => this.board.unzoom(this));
  }

  /** What stands beside the name, and what a screen reader hears of it. */
  say() {
    const drawn = this.drawing?.drawn ?? [];
    const only = drawn.length === 1 ? drawn[0].curve : null;
    this.latest.textContent = only && only.size ? number(only.last ?? only.y.at(-1)) : "";
    const { odd = {}, edge = 0, clipped = 0 } = this.drawing?.notes ?? {};
    const notes = [
      this.failed && `not loaded: ${this.failed}`,
      this.undrawn && `not drawn: ${this.undrawn}`,
      ...Object.entries(odd).map(([kind, count]) => `${count} × ${kind.replace("Infinity", "∞")}`),
      edge && `${edge} ≤ 0 at the edge`,
      clipped && `${clipped} beyond`,
      this.leftOut && `${this.leftOut} more are not drawn`,
      this.more && `${this.more} more metric${this.more === 1 ? "" : "s"} match: ${this.keys.length} are drawn`,
      !this.keys.length && "none of its metrics is here yet",
      this.paused && `paused: ${this.paused} new point${this.paused === 1 ? "" : "s"}`,
    ].filter(Boolean);
    this.notes.textContent = notes.join(" · ");
    this.notes.title = this.notes.textContent;
    this.summary.textContent = heard(this.title, this.settings.x, drawn);
  }

  /** Points that came over the socket; while a range is looked at, they are counted and wait. */
  feed(run, writer, columns, key = this.keys[0]) {
    if (!this.runs.some((each) => each.run === run)) return;
    const curve = this.curves.find((each) => each.run === run && each.key === key && (key.startsWith("system/") || each.writer === writer));
    if (this.board.groups.length || !curve) return this.later(); // a run that logs this metric since just now has no curve yet
    if (this.settings.zoom) {
      const fresh = columns.from + columns.value.length - Math.max(curve.count + (curve.waiting ?? 0), columns.from);
      if (fresh <= 0) return;
      curve.waiting = (curve.waiting ?? 0) + fresh;
      this.paused += fresh;
      this.say();
      return;
    }
    const result = curve.append(columns);
    if (result === "grown") this.dirty = true;
    if (result === "stale" || curve.size > this.board.style.limits.thin_again) this.later();
  }

  /** Fetched anew, but not with every point. */
  later() {
    if (!this.visible) this.wish = null; // when it is seen
    else this.again ??= setTimeout(() => {
      this.again = undefined;
      this.load();
    }, AGAIN);
  }

  /** Name of each series of a run and how many of its points are here, for the server to go on from. */
  *cursors(run) {
    for (const curve of this.curves) {
      if (curve.run !== run || curve.members) continue;
      const { key, writer } = curve;
      yield [!writer || key.startsWith("system/") ? key : `${key}\n${writer}`, curve.count + (curve.waiting ?? 0)];
    }
  }

  /** Give back its points and what Plotly holds; it is fetched anew when it is seen again. */
  purge() {
    clearTimeout(this.again);
    if (this.zooms) window.Plotly?.purge(this.plot);
    this.board.hover.detach(this);
    this.asked += 1; // an answer that is still on its way is not wanted
    Object.assign(this, { curves: [], drawing: undefined, again: undefined, zooms: false, dirty: false, paused: 0, wish: null });
  }

  destroy() {
    this.purge();
    this.card.remove();
  }
}
