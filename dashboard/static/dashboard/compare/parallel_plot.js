// The picture of parallel coordinates: axes, lines, what a brush leaves, and which line is under the pointer.
import { node, svg } from "./nodes.js";
import { Scale } from "./scale.js";

const HEIGHT = 320;
const TOP = 44;
const BOTTOM = 26; // below the axes: the place of runs that have no such value
const SIDE = 56;
const NARROWEST = 92; // between two axes; a plot with more of them scrolls
const NEAR = 10;

export class PlotArea {
  constructor(root, given) {
    Object.assign(this, { root }, given);
    const wanted = SIDE * 2 + NARROWEST * Math.max(1, this.axes.length - 1);
    this.width = Math.max(root.clientWidth, wanted);
    this.inner = HEIGHT - TOP - BOTTOM;
  }

  x(at) {
    if (this.axes.length === 1) return this.width / 2;
    return SIDE + (at * (this.width - 2 * SIDE)) / (this.axes.length - 1);
  }

  /** The height on the screen of an order on an axis; runs without a value pass below it. */
  y(axis, order) {
    return order === null ? HEIGHT - 6 : TOP + (1 - axis.scale.height(order)) * this.inner;
  }

  orderAt(axis, y) {
    return axis.scale.at(Math.min(1, Math.max(0, 1 - (y - TOP) / this.inner)));
  }

  draw() {
    const size = { width: this.width, height: HEIGHT, viewBox: `0 0 ${this.width} ${HEIGHT}` };
    const said = `Parallel coordinates of ${this.lines.length} runs over ${this.axes.map((axis) => axis.label).join(", ")}`;
    this.svg = svg("svg", { class: "parallel", ...size, role: "group", "aria-label": said });
    this.paths = new Map();
    this.points = new Map();
    const colour = this.paint ? painter(this.paint, this.lines) : null;
    const out = svg("g", { class: "lines" });
    const ordered = [...this.lines.entries()].sort(([, a], [, b]) => this.state.isKept(a.run) - this.state.isKept(b.run));
    for (const [at, line] of ordered) out.append(this.line(line, colour?.(at)));
    this.svg.append(out, ...this.axes.map((axis, at) => this.axis(axis, at)));
    this.hint = node("p", { class: "hint small", hidden: true });
    this.root.replaceChildren(node("div", { class: "parallel-scroll", tabindex: 0, role: "region", "aria-label": "Axes and lines" }, this.svg), this.hint);
    this.svg.addEventListener("pointermove", (event) => this.pointed(event));
    this.svg.addEventListener("pointerleave", () => this.tell(null));
  }

  line(line, paint) {
    const run = this.state.byId.get(line.run);
    const points = this.axes.map((axis, at) => [this.x(at), this.y(axis, axis.scale.order(line.values[axis.at]))]);
    const path = svg("path", { d: `M${points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join("L")}`, "data-run": line.run });
    path.setAttribute("class", `c${run?.colour ?? line.colour}${this.state.isKept(line.run) ? "" : " is-out"}`);
    if (line.run === this.state.baseline) path.classList.add("is-base");
    if (paint) {
      path.classList.add(paint.className);
      path.style.setProperty("--share", paint.share);
    }
    if (this.axes.length === 1) path.setAttribute("d", `M${this.x(0) - 20},${points[0][1]}L${this.x(0) + 20},${points[0][1]}`);
    this.paths.set(line.run, path);
    this.points.set(line.run, points);
    return path;
  }

  axis(axis, at) {
    const group = svg("g", { class: "axis", "data-axis": axis.name, transform: `translate(${this.x(at)},0)` });
    const title = svg("text", { class: "axis-title", y: TOP - 24, "text-anchor": at === 0 ? "start" : at === this.axes.length - 1 ? "end" : "middle" });
    if (at === 0) title.setAttribute("x", -SIDE + 8);
    if (at === this.axes.length - 1 && at > 0) title.setAttribute("x", SIDE - 8);
    title.append(shortened(axis.label), svg("title", {}, `${axis.label}: drag sideways to move the axis`));
    group.append(title, svg("line", { class: "rail", y1: TOP, y2: TOP + this.inner }));
    for (const [order, text] of axis.scale.ticks()) {
      const y = this.y(axis, order);
      group.append(svg("line", { class: "mark", x1: -4, x2: 4, y1: y, y2: y }));
      group.append(svg("text", { class: "tick", x: -8, y: y + 4, "text-anchor": "end" }, shortened(text, 12)));
    }
    group.append(svg("rect", { class: "catch", x: -14, y: TOP - 8, width: 28, height: this.inner + 16 }));
    const range = this.brushes?.[axis.name];
    if (range) group.append(this.brush(axis, range));
    return group;
  }

  brush(axis, [low, high]) {
    const ends = axis.scale.ends;
    const clamp = (order) => Math.min(Math.max(order, ends[0]), ends[1]);
    const [top, bottom] = [this.y(axis, clamp(high)), this.y(axis, clamp(low))];
    return svg("rect", { class: "brush", x: -9, y: top - 2, width: 18, height: Math.max(4, bottom - top + 4) });
  }

  pointed(event) {
    const box = this.svg.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    let best = null;
    let distance = NEAR;
    for (const [run, points] of this.points) {
      if (!this.state.isKept(run)) continue;
      const found = Math.abs(heightAt(points, x) - y);
      if (found < distance) [best, distance] = [run, found];
    }
    this.tell(best);
  }

  tell(run) {
    if (run === this.told) return;
    this.told = run;
    document.dispatchEvent(new CustomEvent("whirr:hover", { detail: { run, from: "parallel" } }));
  }
}

function heightAt(points, x) {
  const at = Math.max(1, points.findIndex(([px]) => px >= x));
  const [[x0, y0], [x1, y1]] = points.length > 1 ? [points[at - 1], points[at]] : [points[0], points[0]];
  return x1 === x0 ? y0 : y0 + ((y1 - y0) * (x - x0)) / (x1 - x0);
}

const shortened = (text, most = 22) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);

/** How each line is coloured by a column: a share of the way between two colours, or one of the eight. */
function painter(paint) {
  if (paint.kind === "word") {
    return (at) => (paint.values[at] === null ? null : { className: `c${Math.min(7, paint.words.indexOf(String(paint.values[at])))}`, share: "0%" });
  }
  const scale = new Scale(paint);
  return (at) => (paint.values[at] === null ? null : { className: "ramped", share: `${(100 * scale.height(paint.values[at])).toFixed(1)}%` });
}
