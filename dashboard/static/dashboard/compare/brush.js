// Gestures on parallel coordinates: drag along an axis to keep a range, drag its title to move it.
import { joined, listed } from "./state.js";

const SLOP = 4; // pixels that are no drag yet

/** `config.lr:0.01:0.1,…` as {"config.lr": [0.01, 0.1]}; what is no brush of these columns is left out. */
export function brushesOf(text, names) {
  const found = {};
  for (const each of listed(text)) {
    const match = /^(.*):([^:]+):([^:]+)$/su.exec(each);
    if (!match || !names.includes(match[1])) continue;
    const range = [Number(match[2]), Number(match[3])];
    if (range.every(Number.isFinite)) found[match[1]] = range;
  }
  return found;
}

export const told = (brushes) =>
  joined(Object.entries(brushes).map(([name, [low, high]]) => `${name}:${low}:${high}`));

export class Brushing {
  constructor(area, parallel) {
    Object.assign(this, { area, parallel });
    area.svg.addEventListener("pointerdown", (event) => this.began(event));
  }

  began(event) {
    const group = event.target.closest?.("[data-axis]");
    if (!group || event.button !== 0) return;
    const axis = this.area.axes.find((each) => each.name === group.dataset.axis);
    event.preventDefault();
    if (event.target.closest(".axis-title")) this.drag(event, (x) => this.moveAxis(group, x), (x) => this.dropAxis(axis, x));
    else this.drag(event, (x, y, y0) => this.stretch(axis, group, y0, y), (x, y, y0) => this.keep(axis, y0, y));
  }

  /** Follow the pointer until it is let go; `done` hears null for y where it never moved. */
  drag(event, moved, done) {
    const box = this.area.svg.getBoundingClientRect();
    const place = (each) => [each.clientX - box.left, each.clientY - box.top];
    const [x0, y0] = place(event);
    let far = false;
    this.parallel.hold(true);
    const move = (each) => {
      const [x, y] = place(each);
      far ||= Math.hypot(x - x0, y - y0) > SLOP;
      if (far) moved(x, y, y0);
    };
    const up = (each) => {
      for (const [name, heard] of Object.entries({ pointermove: move, pointerup: up, pointercancel: up })) window.removeEventListener(name, heard);
      const [x, y] = place(each);
      done(far ? x : null, far ? y : null, y0);
      this.parallel.hold(false);
    };
    window.addEventListener("pointermove", move);
    window.addEventListener("pointerup", up);
    window.addEventListener("pointercancel", up);
  }

  range(axis, y0, y1) {
    return [this.area.orderAt(axis, Math.max(y0, y1)), this.area.orderAt(axis, Math.min(y0, y1))];
  }

  stretch(axis, group, y0, y1) {
    group.querySelector(".brush")?.remove();
    group.append(this.area.brush(axis, this.range(axis, y0, y1)));
  }

  keep(axis, y0, y1) {
    const brushes = { ...this.parallel.brushes };
    if (y1 === null) delete brushes[axis.name];
    else brushes[axis.name] = this.range(axis, y0, y1);
    this.parallel.setBrushes(brushes);
  }

  moveAxis(group, x) {
    group.setAttribute("transform", `translate(${x},0)`);
    group.classList.add("is-held");
  }

  dropAxis(axis, x) {
    if (x === null) return;
    const others = this.area.axes.filter((each) => each !== axis);
    const places = others.map((each) => this.area.x(this.area.axes.indexOf(each)));
    const at = places.filter((place) => place < x).length;
    const drawn = others.map((each) => each.name);
    drawn.splice(at, 0, axis.name);
    const hidden = this.parallel.names.filter((name) => !drawn.includes(name));
    this.parallel.setAxes([...drawn, ...hidden]);
  }
}
