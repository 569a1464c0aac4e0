// What a vertical axis shows of values: symlog with its ticks, ranges, and what lies beyond them.
import { number } from "../words.js";

const PAD = 0.04; // of the range, above and below
const TICKS = 9;
const FEW = 4; // powers of ten, below which their halves and fifths are ticks too
const [LOWEST, HIGHEST] = [-307, 308]; // exponents of ten that numbers have with all their digits
const [LEAST, MOST] = [Number.MIN_VALUE, Number.MAX_VALUE];

const within = (value, low, high) => Math.min(high, Math.max(low, value));

/** The linear part of a symlog axis reaches as far as the smaller ones of the values do: a power of ten. */
export function thresholdOf(sorted) {
  const sizes = Float64Array.from(sorted, Math.abs).filter((each) => each > 0).sort();
  if (!sizes.length) return 1;
  return 10 ** Math.max(LOWEST, Math.floor(Math.log10(sizes[Math.floor(sizes.length * 0.05)])));
}

/** Sign-preserving logarithm that is linear round zero (Webber, 2012): ± log10(1 + |value| / threshold). */
export function symlog(value, threshold) {
  const size = Math.abs(value);
  const ratio = size / threshold;
  return Math.sign(value) * (ratio < MOST ? Math.log10(1 + ratio) : Math.log10(size) - Math.log10(threshold));
}

export function unsymlog(place, threshold) {
  const far = Math.abs(place);
  const size = far < HIGHEST ? threshold * (10 ** far - 1) : 10 ** (far + Math.log10(threshold));
  return Math.sign(place) * Math.min(size, MOST);
}

/** Ticks at zero and at powers of ten: {tickvals, ticktext}, of a range of places on the axis, at most nine. */
export function symlogTicks([from, to], threshold) {
  const exponents = [];
  const lowest = Math.round(Math.log10(threshold));
  const highest = Math.min(HIGHEST, Math.ceil(Math.max(Math.abs(from), Math.abs(to))) + lowest);
  for (let exponent = lowest; exponent <= highest; exponent += 1) exponents.push(exponent);
  const values = [0, ...exponents.flatMap((exponent) => [10 ** exponent, -(10 ** exponent)])];
  const fits = (value) => symlog(value, threshold) >= from && symlog(value, threshold) <= to;
  const among = (some) => [...new Set(some)].filter(fits).sort((one, other) => one - other);
  const powers = among(values);
  const inside = powers.length < FEW ? among(values.flatMap((value) => [value / 5, value / 2, value, value * 2, value * 5])) : powers;
  const stride = Math.max(1, Math.ceil(inside.length / TICKS));
  const zero = Math.max(0, inside.indexOf(0));
  const kept = inside.filter((_, at) => (at - zero) % stride === 0);
  return { tickvals: kept.map((value) => symlog(value, threshold)), ticktext: kept.map(number) };
}

/** As many of these values as there is room for, with how they read. */
function written(values) {
  const stride = Math.ceil(values.length / TICKS);
  const kept = values.filter((_, at) => at % stride === 0);
  return { tickvals: kept, ticktext: kept.map(number) };
}

/** Ticks at multiples of a distance, with as many digits as tell them apart. */
function stepped([low, high], step) {
  const texts = new Map();
  for (let at = Math.ceil(low / step); at * step <= high && texts.size < 30; at += 1) {
    const value = Number((at * step).toPrecision(15));
    const digits = within(2 + Math.floor(Math.log10(value)) - Math.floor(Math.log10(step)), 1, 15);
    if (value < low || value > high) continue;
    const text = String(Number(value.toPrecision(digits))).replace("e+", "e");
    if (texts.has(text)) break; // finer than numbers are
    texts.set(text, value);
  }
  const stride = Math.ceil(texts.size / TICKS);
  const kept = [...texts].filter((_, at) => at % stride === 0);
  return { tickvals: kept.map(([, value]) => value), ticktext: kept.map(([text]) => text) };
}

/** Ticks of a logarithmic axis, whole numbers all: powers of ten; where they are few, halves and fifths of them, or more. */
export function logTicks([low, high]) {
  const decades = [];
  for (let exponent = Math.floor(Math.log10(low)); exponent <= Math.ceil(Math.log10(high)) && decades.length < 700; exponent += 1) decades.push(exponent);
  const times = (factors) => decades.flatMap((exponent) => factors.map((factor) => Number(`${factor}e${exponent}`))).filter((each) => each >= low && each <= high);
  const found = [[1], [1, 2, 5], [1, 2, 3, 4, 5, 6, 7, 8, 9]].map(times).find((some) => some.length >= FEW - 1);
  if (found) return written(found);
  return stepped([low, high], 10 ** Math.floor(Math.log10(high - low)) / 2);
}

/** The p-th share (0 to 1) of sorted numbers, between neighbours as numpy does it. */
export function quantile(sorted, share) {
  const place = (sorted.length - 1) * share;
  const below = Math.floor(place);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (sorted[above] - sorted[below]) * (place - below);
}

/** All finite numbers of columns where x lies in a range, and where a line crosses its edges, sorted. */
export function finite(columns, zoom) {
  let count = 0;
  const total = columns.reduce((sum, { y }) => sum + y.length + 2, 0); // and two edges
  const found = new Float64Array(total);
  for (const { x, y } of columns) {
    for (let at = 0; at < y.length; at += 1) {
      if (Number.isFinite(y[at]) && (!zoom || (x[at] >= zoom[0] && x[at] <= zoom[1]))) found[count++] = y[at];
    }
    for (const edge of zoom ?? []) {
      const height = crossing(x, y, edge);
      if (Number.isFinite(height)) found[count++] = height;
    }
  }
  return found.subarray(0, count).sort();
}

/** The height of a line at a place between two of its points; NaN where there is none. */
function crossing(x, y, place) {
  const at = x.findIndex((each) => each >= place);
  if (at < 1) return NaN;
  return y[at - 1] + ((y[at] - y[at - 1]) * (place - x[at - 1])) / (x[at] - x[at - 1]);
}

/** The range of values to show: all of them, or those from the 1st to the 99th percentile. Null where there is none. */
export function valueRange(sorted, { clip = false, log = false } = {}) {
  const usable = log ? sorted.subarray(firstPositive(sorted)) : sorted;
  if (!usable.length) return null;
  const least = clip ? quantile(usable, 0.01) : usable[0];
  const most = clip ? quantile(usable, 0.99) : usable.at(-1);
  return [least, most];
}

function firstPositive(sorted) {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] > 0) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** A range with some room round it; one of a single number has some too. Its length is a number, too. */
export function padded(told, pad = PAD) {
  const [from, to] = told.map((each) => within(each, -MOST / 2, MOST / 2));
  if (from === to) {
    const room = Math.abs(from) * 0.1 || 1;
    return [Math.max(from - room, -MOST / 2), Math.min(to + room, MOST / 2)];
  }
  const room = (to - from) * pad;
  return [Math.max(from - room, -MOST / 2), Math.min(to + room, MOST / 2)];
}

/**
 * A vertical axis for sorted values: how values become places on it (`place`, and back by `value`), its range of places,
 * what Plotly is told of it, and the values that it shows. `kind` is linear, log or symlog.
 */
export function axisFor(kind, sorted, { clip = false, fixed: told = null } = {}) {
  const fixed = kind === "log" && told?.[0] <= 0 ? null : told; // no log axis begins there
  const shown = fixed ?? valueRange(sorted, { clip, log: kind === "log" }) ?? (kind === "log" ? [1, 10] : [0, 1]);
  const same = (value) => value;
  if (kind === "log") {
    const places = padded(shown.map((each) => Math.log10(Math.max(each, LEAST))), fixed ? 0 : PAD);
    const range = places.map((each) => within(each, Math.log10(LEAST), Math.log10(MOST)));
    const bounds = range.map((each) => within(10 ** each, LEAST, MOST));
    return { kind, shown, place: same, value: same, range, bounds, told: { type: "log", range, autorange: false, tickmode: "array", ...logTicks(bounds) } };
  }
  if (kind === "symlog") {
    const threshold = thresholdOf(sorted);
    const place = (value) => symlog(value, threshold);
    const range = padded(shown.map(place), fixed ? 0 : PAD);
    const ticks = { tickmode: "array", ...symlogTicks(range, threshold) };
    const bounds = range.map((each) => unsymlog(each, threshold));
    return { kind, shown, place, value: (at) => unsymlog(at, threshold), range, bounds, told: { type: "linear", range, autorange: false, ...ticks } };
  }
  const range = padded(shown, fixed ? 0 : PAD);
  return { kind: "linear", shown, place: same, value: same, range, bounds: range, told: { type: "linear", range, autorange: false } };
}
