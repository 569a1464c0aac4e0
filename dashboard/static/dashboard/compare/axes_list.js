// The axes of the parallel coordinates as a list: everything that the pointer does in the picture, with keys.
import { button, choices, icon, node, tick } from "./nodes.js";

export class AxesList {
  constructor(root, parallel) {
    Object.assign(this, { root, parallel });
  }

  draw() {
    const { parallel } = this;
    const focused = this.root.contains(document.activeElement) ? document.activeElement.dataset.is : null;
    const rows = parallel.figure.axes.map((axis, at) => this.row(axis, at));
    const left = parallel.offer.columns.filter(({ name }) => !parallel.names.includes(name));
    const more = choices(
      [["", "Add an axis…"], ...left.map(({ name, label }) => [name, label])],
      "",
      (name) => name && parallel.setAxes([...parallel.names, name]),
      "Add an axis",
    );
    this.root.replaceChildren(node("ul", { class: "axes-list" }, ...rows), more);
    if (focused) this.root.querySelector(`[data-is="${CSS.escape(focused)}"]`)?.focus();
  }

  row(axis, at) {
    const { parallel } = this;
    const names = parallel.names;
    const swapped = (by) => {
      const moved = [...names];
      [moved[at], moved[at + by]] = [moved[at + by], moved[at]];
      parallel.setAxes(moved);
    };
    const named = (what, made) => {
      made.dataset.is = `${what} ${axis.name}`;
      return made;
    };
    const left = named("left", button(icon("up"), () => swapped(-1), { label: `Move ${axis.label} to the left`, className: "bare tiny" }));
    left.disabled = at === 0;
    const right = named("right", button(icon("down"), () => swapped(1), { label: `Move ${axis.label} to the right`, className: "bare tiny" }));
    right.disabled = at === names.length - 1;
    const gone = button(icon("cross"), () => parallel.setAxes(names.filter((name) => name !== axis.name)), {
      label: `Take ${axis.label} away`,
      className: "bare tiny",
    });
    gone.disabled = names.length === 1;
    const log = axis.can_log && tick("log", parallel.logs.has(axis.name), (on) => parallel.setLog(axis.name, on));
    const note = axis.constant && node("span", { class: "soft small" }, "the same in all runs");
    return node("li", { "data-axis-row": axis.name }, left, right, node("span", { class: "name" }, axis.label), log, note, this.range(axis, named), gone);
  }

  range(axis, named) {
    if (axis.constant) return null;
    const { parallel } = this;
    const range = parallel.brushes?.[axis.name];
    const change = (end, text) => {
      const brushes = { ...parallel.brushes };
      const ends = axis.kind === "number" ? [axis.low, axis.high] : [0, axis.words.length - 1];
      const next = [...(range ?? ends)];
      next[end] = text === "" ? ends[end] : Number(text);
      if (next[0] === ends[0] && next[1] === ends[1]) delete brushes[axis.name];
      else brushes[axis.name] = next;
      if (next.every(Number.isFinite)) parallel.setBrushes(brushes);
    };
    const field = (end, word) => {
      const label = `${axis.label} ${word}`;
      if (axis.kind === "word") {
        const pairs = axis.words.map((each, at) => [String(at), each]);
        const chosen = range ? Math[end ? "floor" : "ceil"](range[end]) : end ? pairs.length - 1 : 0;
        return named(word, choices(pairs, String(chosen), (text) => change(end, text), label));
      }
      const given = { type: "number", step: "any", "aria-label": label, placeholder: String(end ? axis.high : axis.low) };
      const made = node("input", { ...given, value: range ? String(range[end]) : "" });
      made.addEventListener("change", () => change(end, made.value));
      return named(word, made);
    };
    return node("span", { class: "range" }, "from ", field(0, "from"), " to ", field(1, "to"));
  }
}
