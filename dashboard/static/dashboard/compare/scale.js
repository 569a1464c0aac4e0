// Where a value stands on an axis of parallel coordinates, and what a place on it means.

/** `axis` as dashboard/figures_compare.py tells it; heights go from 0 at the bottom to 1 on top. */
export class Scale {
  constructor(axis, { log = false } = {}) {
    this.axis = axis;
    this.log = log && axis.can_log;
    this.places = axis.kind === "word" ? new Map(axis.words.map((word, at) => [word, at])) : null;
  }

  /** A number that orders the values of the axis: the number, or the place of a word; null for nothing. */
  order(value) {
    if (value === null) return null;
    return this.places ? (this.places.get(String(value)) ?? null) : value;
  }

  get ends() {
    if (this.places) return [0, Math.max(1, this.places.size - 1)];
    const { low, high } = this.axis;
    return low === high ? [low - 0.5, high + 0.5] : [low, high];
  }

  height(order) {
    const [low, high] = this.ends.map((end) => this.bent(end));
    if (this.places?.size === 1) return 0.5;
    return (this.bent(order) - low) / (high - low);
  }

  /** The order at a height: what a brush that ends there means. */
  at(height) {
    const [low, high] = this.ends.map((end) => this.bent(end));
    const found = low + height * (high - low);
    return this.log ? 10 ** found : found;
  }

  bent(order) {
    return this.log ? Math.log10(order) : order;
  }

  /** [order, text] of the marks beside the axis. */
  ticks() {
    if (this.places) return spread([...this.places].map(([word, at]) => [at, word]), 12);
    const [low, high] = this.ends;
    if (this.log) return decades(low, high);
    const step = niceStep((high - low) / 5);
    const found = [];
    const first = Math.ceil(low / step);
    for (let count = 0; count < 12; count += 1) {
      const at = (first + count) * step; // counted: beside a huge number a small step is none
      if (at > high + step * 1e-9) break;
      found.push([at, short(at, step)]);
    }
    return found;
  }
}

const spread = (all, most) => (all.length <= most ? all : all.filter((_, at) => at % Math.ceil(all.length / most) === 0));

function decades(low, high) {
  const found = [];
  for (let power = Math.ceil(Math.log10(low)); power <= Math.log10(high) + 1e-9; power += 1) found.push([10 ** power, short(10 ** power)]);
  return found.length > 1 ? spread(found, 8) : [[low, short(low)], [high, short(high)]];
}

function niceStep(rough) {
  const size = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 5, 10].map((factor) => factor * size).find((step) => step >= rough) ?? size * 10;
}

function short(value, step = 0) {
  if (value !== 0 && Math.abs(value) < step * 1e-6) return "0";
  if (Math.abs(value) >= 1e5 || (value !== 0 && Math.abs(value) < 1e-3)) return value.toExponential(1).replace("e+", "e").replace(".0e", "e");
  return String(Number(value.toPrecision(6)));
}
