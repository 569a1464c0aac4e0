// One chart: what it fetches and when, and how it is drawn. A board tells it what is shown and when it is on the screen.
import { number } from "../words.js";
import { resolve } from "./paint.js";
import { drawing } from "./traces.js";
import { element } from "./elements.js";
import { label as axisLabel } from "./words.js";

const CONFIG = { displayModeBar: false, responsive: false, doubleClick: false, showTips: false, showAxisDragHandles: false };
const AGAIN = 5000; // ms after which a call that failed is made once more, and what cannot be appended is fetched anew

export class Chart {
  /** `facet` is {label, runs: Set} where a metric's runs are set apart, else null. */
  constructor(board, key, facet = null) {
    Object.assign(this, { board, key, facet, curves: [], known: 0, paused: 0, asked: 0 });
    this.build();
  }

  build() {
    const title = this.facet ? `${this.key} · ${this.facet.label}` : this.key;
    this.plot = element("div", { class: "plot", "data-plot": "" });
    this.latest = element("span", { class: "latest num", "data-latest": "" });
    this.notes = element("span", { class: "chart-notes", "data-notes": "" });
    this.summary = element("p", { class: "unseen", "data-summary": "" });
    this.menu = element("button", { class: "button bare slim", type: "button", "data-chart-menu": "", "aria-haspopup": "menu", "aria-label": `Menu of ${title}` }, "⋯");
    this.card = element("article", { class: "chart", "data-key": this.key, "aria-label": title }, [
      element("header", {}, [element("h3", { title }, title), this.notes, this.latest, this.menu]),
      this.plot,
      this.summary,
      element("button", { class: "chart-size", type: "button", "data-chart-size": "", "aria-label": `Size of the charts: arrow keys, or drag (${title})`, title: "Drag: the size of all charts" }),
    ]);
    this.card.chart = this;
  }

  get settings() {
    return this.board.settings.of(this.key);
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
    return JSON.stringify([this.board.revision, this.board.series[this.key], x, zoom, this.width(), ...grouped]);
  }

  width() {
    const { limits } = this.board.style;
    const lines = this.board.groups.length || Math.max(1, this.board.series[this.key] ?? this.runs.length);
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

  fetch() {
    const { source, groups, settings, series } = this.board;
    const { x, zoom } = this.settings;
    const [from, to] = zoom ?? [null, null];
    const wish = { key: this.key, x, from, to, width: this.width() };
    if (groups.length) return source.groups({ ...wish, groups: this.groupsHere(), agg: settings.agg, band: settings.band || "std" });
    return source.curves({ ...wish, runs: this.runs, series });
  }

  groupsHere() {
    const { groups } = this.board;
    const cut = ({ label, runs }) => ({ label, runs: this.facet ? runs.filter((run) => this.facet.runs.has(run)) : runs });
    return groups.map(cut).filter(({ runs }) => runs.length);
  }

  /** Its lines in the order of the runs, the main writer's first; as many writers of each as there is room for. */
  lines() {
    const { byRun, looks, hidden, style, groups } = this.board;
    if (groups.length) return this.groupLines();
    const order = new Map([...byRun.keys()].map((run, at) => [run, at]));
    const there = this.curves.filter(({ run }) => order.has(run));
    there.sort((one, other) => order.get(one.run) - order.get(other.run) || one.writer.length - other.writer.length || (one.writer < other.writer ? -1 : 1));
    const alone = new Set(there.map(({ run }) => run)).size === 1;
    const most = this.all ? Infinity : Math.max(1, Math.floor(style.limits.writers / Math.max(1, this.runs.length)));
    const places = new Map();
    this.leftOut = 0;
    return there.flatMap((curve) => {
      const place = places.get(curve.run) ?? 0;
      places.set(curve.run, place + 1);
      if (place >= most) this.leftOut += 1;
      if (place >= most || hidden.has(curve.run)) return [];
      const writer = this.key.startsWith("system/") ? "" : curve.writer;
      const name = byRun.get(curve.run).label;
      return [{ curve, ...looks.of(curve.run, place, alone), label: writer ? `${name} · ${writer}` : name }];
    });
  }

  groupLines() {
    const places = new Map(this.board.groups.map(({ label }, at) => [label, at]));
    this.leftOut = 0;
    return this.curves.flatMap((curve) => {
      const place = places.get(curve.group) ?? 0;
      if (this.board.hidden.has(curve.group)) return [];
      curve.run = curve.group;
      return [{ curve, colour: `--series-${place % 8}`, dash: Math.floor(place / 8), label: `${curve.group} (n = ${curve.runs})` }];
    });
  }

  draw() {
    this.dirty = false;
    if (!window.Plotly || !this.board.style || this.wish === undefined) return;
    const { style, settings } = this.board;
    const mine = this.settings;
    const lines = this.lines();
    this.drawing = drawing(lines, style, { ...mine, bands: settings.band !== "off" });
    if (this.board.groups.length && settings.band === "off") this.drawing.data = this.drawing.data.filter(({ meta }) => !["low", "high"].includes(meta.role));
    if (mine.x === "time") for (const trace of this.drawing.data) trace.x = Float64Array.from(trace.x, (each) => each * 1000);
    window.Plotly.react(this.plot, resolve(this.drawing.data), resolve(this.layout(mine)), CONFIG);
    this.board.hover.attach(this);
    this.installZoom();
    this.say();
    document.dispatchEvent(new CustomEvent("whirr:drawn", { detail: { key: this.key } }));
  }

  layout({ x, zoom }) {
    const layout = structuredClone(this.board.style.layout);
    layout.datarevision = this.revision = (this.revision ?? 0) + 1;
    layout.width = this.plot.clientWidth || 380;
    layout.height = this.plot.clientHeight || layout.height;
    Object.assign(layout.yaxis, this.drawing.axis.told);
    const seen = zoom ?? this.extent();
    if (seen) Object.assign(layout.xaxis, { range: seen, autorange: false });
    if (x === "relative") layout.xaxis.ticksuffix = " s";
    if (x === "time") {
      layout.xaxis.type = "date"; // points are milliseconds then, see `draw`
      layout.xaxis.range = seen?.map((each) => each * 1000);
    }
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
      const fixed = values[0] === undefined ? null : values.map((each) => this.drawing.axis.value(this.drawing.axis.kind === "log" ? 10 ** each : each));
      if (range || fixed) this.board.zoomed(this, range, fixed);
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
      ...Object.entries(odd).map(([kind, count]) => `${count} × ${kind.replace("Infinity", "∞")}`),
      edge && `${edge} ≤ 0 at the edge`,
      clipped && `${clipped} beyond`,
      this.leftOut && `${this.leftOut} more are not drawn`,
      this.paused && `paused: ${this.paused} new point${this.paused === 1 ? "" : "s"}`,
    ].filter(Boolean);
    this.notes.textContent = notes.join(" · ");
    this.notes.title = this.notes.textContent;
    this.summary.textContent = this.told(drawn);
  }

  told(drawn) {
    const lasts = drawn.map(({ curve }) => curve.last ?? curve.y.at(-1)).filter(Number.isFinite);
    const curves = `${drawn.length} curve${drawn.length === 1 ? "" : "s"} over ${axisLabel(this.settings.x)}`;
    if (!lasts.length) return `${this.key}: ${curves}.`;
    const [least, most] = [lasts.reduce((a, b) => Math.min(a, b)), lasts.reduce((a, b) => Math.max(a, b))];
    return `${this.key}: ${curves}; last ${least === most ? number(least) : `values from ${number(least)} to ${number(most)}`}.`;
  }

  /** Points that came over the socket; while a range is looked at, they are counted and wait. */
  feed(run, writer, columns) {
    if (!this.runs.some((each) => each.run === run)) return;
    const curve = this.curves.find((each) => each.run === run && (this.key.startsWith("system/") || each.writer === writer));
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
      const plain = !curve.writer || this.key.startsWith("system/");
      yield [plain ? this.key : `${this.key}\n${curve.writer}`, curve.count + (curve.waiting ?? 0)];
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
