// A curve: the points of one series along the x of a chart, in typed arrays that grow as points arrive.
const NUMBER = new Map([["NaN", NaN], ["Infinity", Infinity], ["-Infinity", -Infinity]]);
const numberOf = (told) => (typeof told === "number" ? told : NUMBER.get(told) ?? NaN);
const COLUMNS = ["x", "y", "low", "high", "step", "time"];

const floats = (column) => (column instanceof Float64Array ? column : Float64Array.from(column, Number));

export class Curve {
  /** `series` as series.js decodes it; `axis` is what its x is: step, relative, time or metric:<key>. */
  constructor(series, axis) {
    const { points, ...told } = series;
    Object.assign(this, told, { axis, size: points.value.length });
    this.last = numberOf(told.last);
    this.columns = {
      x: floats(points.x),
      y: floats(points.value),
      low: floats(points.min),
      high: floats(points.max),
      step: floats(points.step),
      time: floats(points.time),
    };
    this.origin = this.size ? this.columns.time[0] - this.columns.x[0] : 0; // of relative time
    if (axis.startsWith("metric:")) this.arrange();
  }

  get x() {
    return this.view("x");
  }

  get y() {
    return this.view("y");
  }

  get low() {
    return this.view("low");
  }

  get high() {
    return this.view("high");
  }

  get step() {
    return this.view("step");
  }

  get time() {
    return this.view("time");
  }

  view(name) {
    const column = this.columns[name];
    return column.length === this.size ? column : column.subarray(0, this.size);
  }

  /** Along a metric x may go back, and may be no number: points in the order of x, those without one left out. */
  arrange() {
    const { x } = this.columns;
    const order = [...x.keys()].filter((at) => Number.isFinite(x[at])).sort((one, other) => x[one] - x[other] || one - other);
    for (const name of COLUMNS) this.columns[name] = Float64Array.from(order, (at) => this.columns[name][at]);
    this.unplaced = this.size - order.length;
    this.size = order.length;
  }

  /**
   * Add columns {from, step, value, time} that came over the socket. Answers "grown", "known" (nothing new), or "stale":
   * there is a gap, or x cannot be told here, and the series has to be fetched anew.
   */
  append({ from, step, value, time }) {
    const known = this.count - from;
    if (known < 0 || this.axis.startsWith("metric:")) return "stale";
    if (known >= value.length) return "known";
    this.reserve(this.size + value.length - known);
    for (let at = known; at < value.length; at += 1) this.push(step[at], numberOf(value[at]), time[at]);
    this.count = from + value.length;
    this.last = numberOf(value.at(-1));
    return "grown";
  }

  push(step, value, time) {
    const { columns, size } = this;
    if (this.axis === "relative" && !this.size) this.origin = time;
    columns.x[size] = this.axis === "step" ? step : this.axis === "time" ? time : time - this.origin;
    columns.y[size] = columns.low[size] = columns.high[size] = value;
    columns.step[size] = step;
    columns.time[size] = time;
    this.size += 1;
    if (Number.isNaN(value)) {
      this.nan_count += 1;
      this.first_nan_step ??= step;
      return;
    }
    this.min = Math.min(numberOf(this.min ?? Infinity), value);
    this.max = Math.max(numberOf(this.max ?? -Infinity), value);
  }

  reserve(size) {
    if (size <= this.columns.x.length && this.isMine) return;
    const room = Math.max(64, size * 2); // columns of an answer are views of it: what grows is our own
    for (const name of COLUMNS) {
      const wider = new Float64Array(room);
      wider.set(this.view(name));
      this.columns[name] = wider;
    }
    this.isMine = true;
  }
}

/** A curve of a group, as /charts/groups tells it: its band is in `low` and `high`. */
export function groupCurve(told, axis) {
  const { value, low, high, n, x } = told.points;
  const columns = { x, value, min: low, max: high, step: x, time: x };
  const curve = new Curve({ ...told, exact: false, writer: "", points: columns }, axis.startsWith("metric:") ? "step" : axis);
  curve.axis = axis;
  curve.members = n;
  return curve;
}
