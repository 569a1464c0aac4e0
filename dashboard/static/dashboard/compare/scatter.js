// A scatter of any two columns: trend, Pareto front, and a lasso that narrows the page to what it holds.
import { resolve } from "../charts/paint.js";
import { get, set } from "../urlstate.js";
import { fetchJson, sayTrouble, turns, whenNear } from "./lazy.js";
import { choices, node, tick } from "./nodes.js";

const CONFIG = { displayModeBar: false, responsive: true, showTips: false };
const DRAGS = [["lasso", "lasso"], ["select", "box"], ["zoom", "zoom"], ["pan", "move"]];
const WAYS = [["", "–"], ["min", "lower is better"], ["max", "higher is better"]];

export class Scatter {
  constructor(root, state, offers) {
    Object.assign(this, { root, state, offers, turn: turns() });
    this.plot = root.querySelector("[data-plot]");
    this.told = root.querySelector("[data-told]");
    this.tools = root.querySelector("[data-tools]");
    state.on("clear", () => this.choose(null));
    state.on("directions", () => this.begun && this.load());
    state.on("runs", () => this.begun && this.load()); // trend and front are of the runs that are here
    for (const what of ["order", "kept"]) state.on(what, () => this.draw());
    document.addEventListener("whirr:theme", () => this.draw());
    document.addEventListener("whirr:hover", ({ detail }) => this.mark(detail));
    whenNear(root, () => this.load());
  }

  get wish() {
    const on = (name, otherwise) => (get(name) ? get(name) === "1" : otherwise);
    return {
      x: get("sx") || this.offer.x,
      y: get("sy") || this.offer.y,
      paint: get("sc"),
      logx: on("logx", false) ? "1" : "",
      logy: on("logy", false) ? "1" : "",
      trend: on("trend", true) ? "1" : "",
      better: get("better"),
    };
  }

  async load() {
    this.begun = true; // an answer on its way is to what was so when it was asked for
    const mine = this.turn();
    try {
      this.offer ??= await this.offers();
      this.drawTools();
      const figure = await fetchJson(`/compare/scatter.json?${this.state.query(this.wish)}`, { signal: mine.signal });
      if (!mine.isNewest()) return;
      this.figure = figure;
      this.draw();
    } catch (error) {
      if (mine.isNewest()) sayTrouble(this.plot, error, () => this.load());
    }
  }

  drawTools() {
    const wish = this.wish;
    const change = (changes) => {
      set(changes);
      this.load();
    };
    const pairs = this.offer.columns.map(({ name, label }) => [name, label]);
    pairs.push(["created", "created"], ["duration", "duration"]);
    const field = (word, name, chosen, offered = pairs) =>
      node("label", { class: "small soft" }, `${word} `, choices(offered, chosen, (value) => change({ [name]: value }), word));
    const [wayX = "", wayY = ""] = wish.better.split(",");
    const front = (x, y) => change({ better: x || y ? `${x},${y}` : null });
    const way = (word, chosen, changed) => node("label", { class: "small soft" }, `${word} `, choices(WAYS, chosen, changed, word));
    this.tools.replaceChildren(
      field("X", "sx", wish.x),
      tick("log x", wish.logx === "1", (on) => change({ logx: on ? "1" : null })),
      field("Y", "sy", wish.y),
      tick("log y", wish.logy === "1", (on) => change({ logy: on ? "1" : null })),
      field("Colour", "sc", wish.paint, [["", "the run's own"], ...pairs]),
      node("label", { class: "small soft" }, "Drag to ", choices(DRAGS, this.drag ?? "lasso", (drag) => ((this.drag = drag), this.draw()), "What dragging does")),
      tick("trend", wish.trend === "1", (on) => change({ trend: on ? null : "0" })),
      node("span", { class: "front-tools" }, way("Front: x", wayX, (x) => front(x, wayY)), way("y", wayY, (y) => front(wayX, y))),
    );
  }

  draw() {
    if (!this.figure || !window.Plotly || !this.plot.clientWidth) return;
    const shown = new Set(this.state.shown().map((run) => run.id));
    const data = this.figure.data.map((trace) => (trace.meta.role === "points" ? this.coloured(trace, shown) : resolve(trace)));
    const layout = { ...resolve(this.figure.layout), datarevision: (this.revision = (this.revision ?? 0) + 1) };
    layout.dragmode = this.drag ?? "lasso";
    if (this.plot.clientWidth < 560) layout.height = 320;
    if (!this.plot.classList.contains("js-plotly-plot")) this.plot.replaceChildren();
    window.Plotly.react(this.plot, data, layout, CONFIG);
    this.listen();
    this.say();
  }

  /** Colours are lists of names here; runs that are left out elsewhere are faint. */
  coloured(trace, shown) {
    const made = resolve(trace);
    const names = trace.marker.color;
    const line = resolve(trace.marker.line);
    const opacity = trace.customdata.map((run) => (shown.has(run) || this.lasso ? 1 : 0.12));
    const color = names.map((each) => (typeof each === "string" ? resolve(each) : each));
    made.marker = { ...made.marker, color, opacity, line };
    made.selectedpoints = this.lasso ? trace.customdata.flatMap((run, at) => (this.lasso.has(run) ? [at] : [])) : null;
    return made;
  }

  listen() {
    if (this.listening) return;
    this.listening = true;
    this.plot.on("plotly_selected", (event) => event && this.choose(runsOf(event)));
    this.plot.on("plotly_deselect", () => this.choose(null));
    this.plot.on("plotly_hover", (event) => this.tell(runsOf(event)[0] ?? null));
    this.plot.on("plotly_unhover", () => this.tell(null));
    this.plot.on("plotly_click", (event) => {
      const [run] = runsOf(event);
      if (run) window.open(`/runs/${encodeURIComponent(run)}/`, "_blank", "noopener");
    });
  }

  choose(runs) {
    this.lasso = runs?.length ? new Set(runs) : null;
    this.state.keep("lasso", this.lasso);
  }

  tell(run) {
    document.dispatchEvent(new CustomEvent("whirr:hover", { detail: { run, from: "scatter" } }));
  }

  /** The run that is pointed at elsewhere has a larger dot. */
  mark({ run, from }) {
    if (from === "scatter" || !this.listening) return;
    const [points] = this.plot.data;
    const size = run ? points.customdata.map((each) => (each === run ? 16 : 9)) : 9;
    if (run || this.marked) window.Plotly.restyle(this.plot, { "marker.size": [size] }, [0]);
    this.marked = Boolean(run);
  }

  say() {
    const { shown, left_out: out, trend, front } = this.figure.meta;
    const said = [`${shown} runs`];
    if (out) said.push(`${out} have no place here: a value is missing, or not above zero on a logarithmic axis`);
    if (trend) said.push(`trend: R² ${trend.explained.toFixed(2)}${trend.rank === null ? "" : `, rank correlation ${trend.rank.toFixed(2)}`}`);
    if (front.length) said.push(`Pareto front: ${front.length} runs`);
    this.told.textContent = said.join(" · ");
    this.root.dataset.front = front.length;
  }
}

const runsOf = (event) => event.points.map((point) => point.customdata).filter((run) => typeof run === "string");
