// Smoothing of curves. Weights follow x, not the index, so that a sparse curve and a dense one of the same thing match.

/**
 * The distance in x that counts as one point: the smallest median distance of neighbours among these columns of x, but at
 * least a thousandth of all of x, about a pixel.
 */
export function unitOf(columns) {
  let unit = Infinity;
  let [least, most] = [Infinity, -Infinity];
  for (const x of columns) {
    if (x.length) [least, most] = [Math.min(least, x[0]), Math.max(most, x.at(-1))];
    const own = x.filter((each, at) => at === 0 || each > x[at - 1]);
    const gaps = [];
    const stride = Math.max(1, Math.floor(own.length / 200));
    for (let at = 1; at < own.length; at += stride) gaps.push(own[at] - own[at - 1]);
    if (gaps.length) unit = Math.min(unit, gaps.sort((one, other) => one - other)[gaps.length >> 1]);
  }
  return Number.isFinite(unit) ? Math.max(unit, (most - least) / 1000) : 1;
}

/**
 * Smooth with points at one place counting as one, their mean: along another metric (an epoch) hundreds share an x. All of
 * them get its smoothed value; what is no finite number stays as it is.
 */
function placed(x, y, smoothed) {
  const index = new Int32Array(y.length);
  const [places, sums, counts] = [[], [], []];
  for (let at = 0; at < y.length; at += 1) {
    index[at] = -1;
    if (!Number.isFinite(y[at])) continue;
    const isNext = x[at] !== places.at(-1);
    index[at] = places.length - (isNext ? 0 : 1);
    places[index[at]] = x[at];
    sums[index[at]] = (sums[index[at]] ?? 0) + y[at];
    counts[index[at]] = (counts[index[at]] ?? 0) + 1;
  }
  const found = smoothed(Float64Array.from(places), Float64Array.from(sums, (sum, at) => sum / counts[at]));
  return Float64Array.from(y, (each, at) => (index[at] < 0 ? each : found[index[at]]));
}

/**
 * Exponential moving average without the bias of its first values: a value counts `weight` times less for each `unit` of
 * x that has passed, and each stands for the stretch of x before it. What is no finite number stays as it is.
 */
export const ema = (x, y, weight, unit) => placed(x, y, (places, means) => emaOf(places, means, weight, unit));

function emaOf(x, y, weight, unit) {
  const smoothed = new Float64Array(y.length);
  let sum = 0;
  let norm = 0;
  let before = NaN;
  for (let at = 0; at < y.length; at += 1) {
    const passed = Number.isNaN(before) ? 1 : Math.max(0, x[at] - before) / unit;
    const kept = weight ** passed;
    const share = Math.max(1 - kept, 1e-12);
    sum = sum * kept + share * y[at];
    norm = norm * kept + share;
    smoothed[at] = sum / norm;
    before = x[at];
  }
  return smoothed;
}

/** A mean weighted by a normal distribution of x with this standard deviation, in units, cut at three of them. */
export function gaussian(x, y, deviation, unit) {
  const reach = 3 * deviation * unit;
  return around(x, y, reach, (distance) => Math.exp(-0.5 * (distance / (deviation * unit)) ** 2));
}

/** The mean of what lies within half a window of so many units to either side. */
export function runningMean(x, y, window, unit) {
  return around(x, y, (window * unit) / 2, () => 1);
}

const around = (x, y, reach, weigh) => placed(x, y, (places, means) => within(places, means, reach, weigh));

function within(x, y, reach, weigh) {
  const smoothed = new Float64Array(y.length);
  const slack = reach * 1e-9;
  let first = 0;
  for (let at = 0; at < y.length; at += 1) {
    while (x[first] < x[at] - reach - slack) first += 1;
    let sum = 0;
    let norm = 0;
    for (let other = first; other < y.length && x[other] <= x[at] + reach + slack; other += 1) {
      const weight = weigh(x[other] - x[at]);
      sum += weight * y[other];
      norm += weight;
    }
    smoothed[at] = sum / norm;
  }
  return smoothed;
}

const KINDS = { ema, gauss: gaussian, mean: runningMean };

/** Read `ema:0.6`, `gauss:5` or `mean:10`; null where there is nothing to smooth. */
export function parse(text) {
  const [kind, told] = String(text).split(":");
  const amount = Number(told);
  if (!Object.hasOwn(KINDS, kind) || !(amount > 0) || (kind === "ema" && amount >= 1)) return null;
  return { kind, amount: kind === "ema" ? Math.min(amount, 0.999) : Math.min(amount, 1000) };
}

/** y of a curve, smoothed as `parse` read it. */
export function smooth({ x, y }, { kind, amount }, unit) {
  return KINDS[kind](x, y, amount, unit);
}
