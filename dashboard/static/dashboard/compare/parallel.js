// Parallel coordinates: an axis for each column, a line for each run. Drawn here: Plotly's need WebGL and a pointer.
import { get, set } from "../urlstate.js";
import { AxesList } from "./axes_list.js";
import { Brushing, brushesOf, told as brushText } from "./brush.js";
import { fetchJson, quietly, sayTrouble, turns, whenNear } from "./lazy.js";
import { choices, node, svg, tick } from "./nodes.js";
import { PlotArea } from "./parallel_plot.js";
import { Scale } from "./scale.js";
import { joined, listed } from "./state.js";

export class Parallel {
  constructor(root, state, offers) {
    Object.assign(this, { root, state, offers, turn: turns() });
    this.plot = root.querySelector("[data-plot]");
    this.told = root.querySelector("[data-told]");
    this.tools = root.querySelector("[data-tools]");
    this.list = new AxesList(root.querySelector("[data-axes]"), this);
    const redraw = quietly(() => this.draw(), 30);
    new ResizeObserver(() => this.plot.clientWidth !== this.drawnWidth && redraw()).observe(this.plot);
    for (const what of ["order", "kept"]) state.on(what, redraw);
    state.on("clear", () => this.setBrushes({}));
    state.on("runs", () => this.begun && this.load()); // the ends of axes, and which are constant
    document.addEventListener("whirr:theme", redraw);
    whenNear(root, () => this.load());
    if (get("brush")) this.load(); // what it leaves out concerns the whole page
  }

  async load() {
    this.begun = true; // an answer on its way is to the runs that were here when it was asked for
    const mine = this.turn();
    try {
      this.offer ??= await this.offers();
      this.names = listed(get("axes"));
      if (!this.names.length) this.names = this.offer.axes;
      const query = this.state.query({ axes: joined(this.names), paint: get("paint") });
      const figure = await fetchJson(`/compare/parallel.json?${query}`, { signal: mine.signal });
      if (!mine.isNewest()) return;
      this.figure = figure;
      this.brushes = brushesOf(get("brush"), this.names);
      this.drawTools();
      this.filter();
    } catch (error) {
      if (mine.isNewest()) sayTrouble(this.plot, error, () => this.load());
    }
  }

  get logs() {
    return new Set(listed(get("log")));
  }

  /** The axes that are drawn: those that tell runs apart, unless somebody wants all. */
  axes() {
    const hides = get("constant") !== "1";
    return this.figure.axes
      .map((axis, at) => ({ ...axis, at, scale: new Scale(axis, { log: this.logs.has(axis.name) }) }))
      .filter((axis) => !(hides && axis.constant && this.figure.axes.length > 1 && this.state.all.length > 1));
  }

  setAxes(names) {
    set({ axes: joined(names) });
    this.load();
  }

  setLog(name, wanted) {
    const logs = this.logs;
    if (wanted) logs.add(name);
    else logs.delete(name);
    set({ log: joined([...logs]) });
    this.draw();
  }

  setBrushes(brushes) {
    this.brushes = brushes;
    set({ brush: brushText(brushes) });
    this.filter();
  }

  /** Tell the page which runs lie within all brushes. */
  filter() {
    const brushed = Object.entries(this.brushes ?? {}).filter(([name]) => this.names.includes(name));
    if (!this.figure || !brushed.length) {
      this.state.keep("brush", null);
      return this.draw();
    }
    const scales = brushed.map(([name, range]) => {
      const at = this.names.indexOf(name);
      return { at, range, scale: new Scale(this.figure.axes[at]) };
    });
    const inside = (line) =>
      scales.every(({ at, range, scale }) => {
        const order = scale.order(line.values[at]);
        return order !== null && order >= range[0] && order <= range[1];
      });
    this.state.keep("brush", this.figure.lines.filter(inside).map((line) => line.run));
    return this.draw();
  }

  /** Nothing is drawn anew under a pointer that drags: what it holds would be gone. */
  hold(held) {
    this.held = held;
    if (!held) this.draw();
  }

  draw() {
    if (this.held || !this.figure || !this.plot.clientWidth) return;
    this.drawnWidth = this.plot.clientWidth;
    const axes = this.axes();
    const gone = new Set(this.state.all.map((run) => run.id));
    const lines = this.figure.lines.filter((line) => gone.has(line.run));
    const area = new PlotArea(this.plot, { axes, lines, paint: this.figure.colour, state: this.state, brushes: this.brushes });
    area.draw();
    new Brushing(area, this);
    const hidden = this.figure.axes.length - axes.length;
    const kept = lines.filter((line) => this.state.isKept(line.run)).length;
    const said = [`${kept} of ${lines.length} runs`];
    if (hidden) said.push(`${hidden} constant ${hidden === 1 ? "axis" : "axes"} hidden`);
    this.told.textContent = said.join(" · ");
    this.root.dataset.lines = lines.length;
    this.list.draw();
  }

  drawTools() {
    const pairs = [["", "the run's own colour"], ...this.offer.columns.map(({ name, label }) => [name, label])];
    const paint = choices(pairs, get("paint"), (name) => (set({ paint: name }), this.load()), "Colour the lines by");
    const constant = tick("constant axes too", get("constant") === "1", (on) => (set({ constant: on ? "1" : null }), this.draw()));
    this.tools.replaceChildren(node("label", { class: "small soft" }, "Colour by ", paint), constant, this.legend());
  }

  legend() {
    const { colour } = this.figure;
    if (!colour || colour.kind !== "number") return "";
    const bar = svg("svg", { class: "ramp", viewBox: "0 0 100 8", preserveAspectRatio: "none", "aria-hidden": "true" });
    for (let at = 0; at < 20; at += 1) {
      const part = svg("rect", { x: at * 5, y: 0, width: 5.2, height: 8 });
      part.style.setProperty("--share", `${at * 5}%`);
      bar.append(part);
    }
    const said = (value) => node("span", { class: "small num soft" }, String(Number(value.toPrecision(3))));
    return node("span", { class: "legend-ramp" }, said(colour.low), bar, said(colour.high));
  }
}
