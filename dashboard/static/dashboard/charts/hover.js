// The pointer over charts: a crosshair in all of them, a tooltip with values, the nearest run strong and the others faint.
// What is drawn for it lies on a canvas over the plot, so nothing is drawn anew below.
import { toast } from "../app.js";
import { number } from "../words.js";
import { element, home, swatch } from "./elements.js";
import { shownRows, under } from "./hits.js";
import { resolve } from "./paint.js";
import { label } from "./words.js";
import { placeText } from "./xaxis.js";

const STILL = 5; // px that a click may move
const DASHES = [[], [8, 6], [2, 4], [8, 4, 2, 4]]; // px, as Plotly draws those of dashboard/figures.py
const REACH = 24; // px along x within which a point is one of this place

export class Hover {
  constructor(board) {
    this.board = board;
    this.charts = new Set();
    this.run = null;
    this.tip = element("div", { class: "chart-tip", hidden: true, "data-chart-tip": "" });
    home().append(this.tip);
    this.heard = ({ detail }) => this.highlight(detail?.run ?? null);
    this.pressed = (event) => event.key === "Escape" && this.unstick();
    document.addEventListener("whirr:hover", this.heard);
    document.addEventListener("keydown", this.pressed);
  }

  attach(chart) {
    this.charts.add(chart);
    if (!chart.overlay) { // a chart that was let go and is seen again has its listeners still
      chart.overlay = element("canvas", { class: "chart-overlay", "aria-hidden": "true" });
      chart.plot.addEventListener("pointermove", (event) => this.moved(chart, event));
      chart.plot.addEventListener("pointerleave", () => this.left(chart));
      chart.plot.addEventListener("pointerdown", (event) => (this.down = [event.clientX, event.clientY]));
      chart.plot.addEventListener("click", (event) => this.clicked(chart, event));
    }
    if (chart.overlay.parentNode !== chart.plot) chart.plot.append(chart.overlay);
    this.paint(chart);
  }

  detach(chart) {
    this.charts.delete(chart);
    if (this.last?.[0] === chart) this.last = null;
    if (this.at?.chart === chart) this.at = null;
    chart.overlay?.remove();
  }

  /** Where values are in pixels of the plot, as Plotly drew its axes. */
  places(chart) {
    const { xaxis, yaxis } = chart.plot._fullLayout ?? {};
    if (!xaxis || !chart.drawing) return null;
    const { axis } = chart.drawing;
    const scale = chart.settings.x === "time" ? 1000 : 1;
    return {
      left: xaxis._offset,
      top: yaxis._offset,
      width: xaxis._length,
      height: yaxis._length,
      toX: (x) => xaxis._offset + xaxis.l2p(x * scale),
      toY: (y) => yaxis._offset + yaxis.l2p(axis.kind === "log" ? Math.log10(y) : axis.place(y)),
      xAt: (px) => xaxis.p2l(px - xaxis._offset) / scale,
    };
  }

  moved(chart, event) {
    if (event.buttons || !chart.drawing) return; // a range is being dragged
    this.last = [chart, event.clientX, event.clientY];
    this.frame ??= requestAnimationFrame(() => {
      this.frame = undefined;
      if (this.last) this.look(...this.last);
    });
  }

  look(chart, clientX, clientY) {
    const places = this.places(chart);
    if (!places) return;
    const box = chart.plot.getBoundingClientRect();
    const [px, py] = [clientX - box.left, clientY - box.top];
    const inside = px >= places.left && px <= places.left + places.width && py >= places.top && py <= places.top + places.height;
    if (!inside) return this.left(chart);
    const x = places.xAt(px);
    const reach = Math.abs(places.xAt(px + REACH) - x);
    const { rows, hit } = under(chart.drawing.drawn, { ...places, x, px, py, reach });
    this.at = { chart, x: hit ? hit.x : x, axis: chart.settings.x };
    this.say(hit?.line.curve.run ?? null);
    for (const each of this.charts) if (each.visible) this.paint(each);
    if (!this.sticky) this.show(chart, rows, hit, [clientX, clientY]);
  }

  /** Everybody on the page hears which run is meant. */
  say(run) {
    if (run === this.run) return;
    document.dispatchEvent(new CustomEvent("whirr:hover", { detail: { run, from: "charts" } }));
  }

  highlight(run) {
    if (run === this.run) return;
    this.run = run;
    for (const chart of this.charts) if (chart.visible) this.paint(chart);
  }

  left(chart) {
    if (this.last?.[0] === chart) this.last = null;
    if (this.at?.chart !== chart) return;
    this.at = null;
    this.say(null);
    if (!this.sticky) this.tip.hidden = true;
    for (const each of this.charts) this.paint(each);
  }

  /** The crosshair, and the run that is meant over all others. */
  paint(chart) {
    const { overlay, plot } = chart;
    const places = this.places(chart);
    if (!places) return;
    const ratio = window.devicePixelRatio || 1;
    const [width, height] = [plot.clientWidth, plot.clientHeight];
    if (overlay.width !== Math.round(width * ratio)) overlay.width = Math.round(width * ratio);
    if (overlay.height !== Math.round(height * ratio)) overlay.height = Math.round(height * ratio);
    const pen = overlay.getContext("2d");
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, width, height);
    pen.save();
    pen.beginPath();
    pen.rect(places.left, places.top, places.width, places.height);
    pen.clip();
    const mode = this.board.settings.highlight;
    const meant = this.run !== null && mode !== "off" && (mode === "all" || this.at?.chart === chart || !this.at);
    const mine = meant ? chart.drawing.drawn.filter(({ curve }) => curve.run === this.run) : [];
    plot.classList.toggle("is-faded", mine.length > 0 && chart.drawing.drawn.length > 1);
    for (const line of mine) this.stroke(pen, line, places, chart.drawing.drawn.length > 1);
    if (this.at && this.at.axis === chart.settings.x) this.cross(pen, mine, places);
    pen.restore();
  }

  stroke(pen, { x, y, curve, colour, dash }, { toX, toY }, strong) {
    pen.strokeStyle = pen.fillStyle = resolve(colour);
    pen.lineWidth = 2;
    pen.lineJoin = "round";
    if (strong && !curve.exact) {
      pen.globalAlpha = 0.14;
      pen.beginPath();
      curve.high.forEach((value, at) => Number.isFinite(value) && pen.lineTo(toX(x[at]), toY(value)));
      for (let at = x.length - 1; at >= 0; at -= 1) if (Number.isFinite(curve.low[at])) pen.lineTo(toX(x[at]), toY(curve.low[at]));
      pen.fill();
      pen.globalAlpha = 1;
    }
    if (!strong) return;
    pen.setLineDash(DASHES[dash % DASHES.length]);
    pen.beginPath();
    let gap = true;
    for (let at = 0; at < x.length; at += 1) {
      const [px, py] = [toX(x[at]), toY(y[at])];
      if (!Number.isFinite(py)) {
        gap = true;
        continue;
      }
      if (gap) pen.moveTo(px, py);
      else pen.lineTo(px, py);
      gap = false;
    }
    pen.stroke();
    pen.setLineDash([]);
  }

  cross(pen, lines, places) {
    const px = places.toX(this.at.x);
    pen.strokeStyle = resolve("--line-strong");
    pen.lineWidth = 1;
    pen.beginPath();
    pen.moveTo(Math.round(px) + 0.5, places.top);
    pen.lineTo(Math.round(px) + 0.5, places.top + places.height);
    pen.stroke();
    for (const { x, y, colour } of lines) {
      const at = x.findIndex((each) => each >= this.at.x);
      if (at < 0 || !Number.isFinite(y[at])) continue;
      pen.fillStyle = resolve(colour);
      pen.beginPath();
      pen.arc(places.toX(x[at]), places.toY(y[at]), 3.5, 0, 2 * Math.PI);
      pen.fill();
    }
  }

  show(chart, rows, hit, [clientX, clientY]) {
    this.tip.hidden = rows.length === 0;
    if (!rows.length) return;
    const { shown, more } = shownRows(rows, hit);
    this.told = { chart, rows };
    const smoothed = chart.settings.smooth;
    const body = shown.map((row) => {
      const { line, at, y } = row;
      const value = smoothed ? `${number(y)} (${number(line.raw[at])})` : number(y);
      const members = line.curve.members ? ` · ${line.curve.members[at]} here` : ""; // its label says how many it has in all
      return element("tr", { class: row === hit ? "is-hit" : null }, [element("td", {}, swatch(line)), element("td", {}, line.label + members), element("td", { class: "num" }, value)]);
    });
    const head = `${label(chart.settings.x)} ${placeText(chart.settings.x, this.at.x)}`;
    const notes = [more > 0 && `+${more} more`, smoothed && "smoothed, computed from buckets (as logged)"].filter(Boolean);
    this.tip.replaceChildren(
      element("p", { class: "chart-tip-head" }, head),
      element("table", {}, element("tbody", {}, body)),
      ...notes.map((each) => element("p", { class: "soft" }, each)),
    );
    this.place(clientX, clientY);
  }

  place(clientX, clientY) {
    const { offsetWidth, offsetHeight } = this.tip;
    const left = clientX + 16 + offsetWidth > innerWidth ? Math.max(4, clientX - 16 - offsetWidth) : clientX + 16;
    const top = Math.max(4, Math.min(clientY + 12, innerHeight - offsetHeight - 4));
    this.tip.style.setProperty("left", `${left}px`);
    this.tip.style.setProperty("top", `${top}px`);
  }

  /** A click keeps the tooltip where it is, with a button that copies all of its values. */
  clicked(chart, event) {
    const still = this.down && Math.hypot(event.clientX - this.down[0], event.clientY - this.down[1]) < STILL;
    if (!still || event.detail > 1) return this.unstick();
    if (this.sticky) return this.unstick();
    this.look(chart, event.clientX, event.clientY);
    if (this.tip.hidden) return undefined;
    this.sticky = true;
    this.tip.classList.add("is-sticky");
    const copy = element("button", { class: "button slim", type: "button" }, "Copy values");
    const close = element("button", { class: "button slim bare", type: "button" }, "Close");
    copy.addEventListener("click", () => this.copy());
    close.addEventListener("click", () => this.unstick());
    this.tip.append(element("p", { class: "chart-tip-acts" }, [copy, close]));
    return this.place(event.clientX, event.clientY);
  }

  unstick() {
    this.sticky = false;
    this.tip.classList.remove("is-sticky");
    this.tip.hidden = true;
  }

  async copy() {
    const { chart, rows } = this.told;
    const lines = rows.map(({ line, x, y }) => [line.curve.run, line.label, x, y].join("\t"));
    const text = [["run", "name", label(chart.settings.x), chart.title].join("\t"), ...lines].join("\n");
    try {
      await navigator.clipboard.writeText(text);
      toast(`Copied ${rows.length} value${rows.length === 1 ? "" : "s"}.`);
    } catch {
      toast("This browser does not let a page copy here; use “Data as CSV” in the chart's menu.", { error: true });
    }
  }

  destroy() {
    document.removeEventListener("whirr:hover", this.heard);
    document.removeEventListener("keydown", this.pressed);
    cancelAnimationFrame(this.frame);
    this.tip.remove();
  }
}
