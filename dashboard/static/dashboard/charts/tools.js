// The tools of a board: what they say goes into the address, and what the address says they show.
import { completeColumns } from "./column_names.js";
import { joined } from "./settings.js";

export const AMOUNTS = { ema: { min: 0, max: 0.999, step: 0.001 }, gauss: { min: 0, max: 50, step: 0.5 }, mean: { min: 0, max: 200, step: 1 } };
export const FIRST = { ema: 0.6, gauss: 3, mean: 10 }; // how much, before somebody says
const SOON = 250; // ms after the last letter that was typed

export class Tools {
  constructor(board, root) {
    Object.assign(this, { board, root });
    const set = (name) => root.querySelector(`[data-set="${name}"]`);
    this.inputs = Object.fromEntries(["x", "metric", "y", "kind", "amount", "outliers", "agg", "band", "colour", "dash", "facet", "highlight", "together", "find"].map((name) => [name, set(name)]));
    this.install();
    this.show();
    this.pressed = (event) => this.key(event);
    document.addEventListener("keydown", this.pressed);
  }

  install() {
    const { board, inputs } = this;
    const to = (name, make, options) => inputs[name].addEventListener("change", () => board.settings.set(make(inputs[name].value), options));
    const push = { push: true }; // the browser's Back undoes it
    inputs.x.addEventListener("change", () => {
      inputs.metric.hidden = inputs.x.value !== "metric";
      if (inputs.x.value === "metric") inputs.metric.focus();
      else board.settings.set({ x: inputs.x.value === "step" ? "" : inputs.x.value, zoom: "" }, push);
    });
    to("metric", (key) => ({ x: key ? `metric:${key}` : "", zoom: "" }), push);
    to("y", (y) => ({ y: y === "linear" ? "" : y }), push);
    to("agg", (agg) => ({ agg: agg === "mean" ? "" : agg }));
    to("band", (band) => ({ band }));
    for (const name of ["colour", "dash"]) to(name, (column) => ({ [name]: column.trim() }));
    to("facet", (text) => ({ facet: joined(text.split(",").map((each) => each.trim()).filter(Boolean)) }));
    inputs.kind.addEventListener("change", () => {
      this.amounts();
      inputs.amount.value = FIRST[inputs.kind.value];
      this.smooth();
    });
    inputs.amount.addEventListener("input", () => this.smooth());
    inputs.outliers.addEventListener("change", () => {
      const clip = inputs.outliers.checked ? "clip" : "off";
      board.settings.keep({ outliers: clip });
      board.settings.set({ outliers: clip });
    });
    inputs.highlight.addEventListener("change", () => board.settings.keep({ highlight: inputs.highlight.value }));
    inputs.together.addEventListener("change", () => board.settings.keep({ together: inputs.together.checked }));
    inputs.find.addEventListener("input", () => {
      clearTimeout(this.soon);
      this.soon = setTimeout(() => board.settings.set({ find: inputs.find.value.trim() }), SOON);
    });
    this.root.querySelector("[data-unzoom]").addEventListener("click", () => board.unzoom());
    completeColumns([inputs.colour, inputs.dash, inputs.facet], this.root.querySelector("#board-columns"));
  }

  smooth() {
    const { kind, amount } = this.inputs;
    const value = Number(amount.value);
    this.board.settings.set({ smooth: value > 0 ? `${kind.value}:${value}` : "" });
  }

  amounts() {
    const { kind, amount } = this.inputs;
    for (const [name, value] of Object.entries(AMOUNTS[kind.value])) amount[name] = value;
  }

  /** As the address has it; what somebody is typing is left alone. */
  show() {
    const { inputs, board } = this;
    const { settings } = board;
    const put = (input, value) => input !== document.activeElement && (input.value = value);
    const { x, y, smooth, clip, zoom } = settings.board;
    const metric = x.startsWith("metric:");
    if (inputs.x !== document.activeElement || !metric) put(inputs.x, metric ? "metric" : x);
    inputs.metric.hidden = !metric && inputs.x.value !== "metric";
    put(inputs.metric, metric ? x.slice(7) : "");
    put(inputs.y, y);
    put(inputs.kind, smooth?.kind ?? inputs.kind.value);
    this.amounts();
    put(inputs.amount, smooth?.amount ?? 0);
    this.root.querySelector("[data-amount]").textContent = smooth?.amount ?? 0;
    inputs.outliers.checked = clip;
    for (const name of ["agg", "band", "colour", "dash", "find"]) put(inputs[name], settings[name]);
    put(inputs.facet, settings.facet.join(", "));
    put(inputs.highlight, settings.highlight);
    inputs.together.checked = settings.together;
    this.root.querySelector("[data-unzoom]").hidden = !zoom && ![...settings.own.values()].some((each) => each.zoom || each.range);
    this.root.hidden = board.style && Object.keys(board.series).length === 0;
    this.choices();
  }

  /** The metrics and columns that may be chosen. */
  choices() {
    const list = this.root.querySelector("#board-metrics");
    const keys = Object.keys(this.board.series);
    if (list.childElementCount === keys.length) return;
    list.replaceChildren(...keys.map((key) => Object.assign(document.createElement("option"), { value: key })));
  }

  key(event) {
    const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
    if (typing || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]:not([data-board-large])")) return;
    if (event.key === "0") this.board.unzoom();
  }

  destroy() {
    document.removeEventListener("keydown", this.pressed);
    clearTimeout(this.soon);
  }
}
