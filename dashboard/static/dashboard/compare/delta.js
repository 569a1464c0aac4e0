// How far a number is from the baseline's, and whether that is good.
const WORDS = { NaN: NaN, Infinity: Infinity, "-Infinity": -Infinity };

/** A number as the server tells it: null for none, and a word for what JSON cannot say. */
export function told(value) {
  if (value === null || value === undefined) return null;
  return typeof value === "string" ? (WORDS[value] ?? null) : value;
}

/** Which of a metric's values is meant: the best is the last where no direction is better. */
export function valueAt(row, place, shown, direction) {
  const which = shown === "best" ? direction || "last" : shown;
  return told(row[which]?.[place]);
}

/** {by, percent, verdict}: percent is null where the baseline is 0, verdict "better", "worse", "same" or "". */
export function delta(value, base, direction) {
  if (!Number.isFinite(value) || !Number.isFinite(base)) return null;
  const by = value - base;
  const percent = base === 0 ? null : (100 * by) / Math.abs(base);
  if (by === 0) return { by, percent: percent ?? 0, verdict: "same" };
  if (!direction) return { by, percent, verdict: "" };
  return { by, percent, verdict: by < 0 === (direction === "min") ? "better" : "worse" };
}

/** The places of the best and of the worst among these numbers; empty where all are equal or nothing is better. */
export function extremes(values, direction) {
  const there = values.filter(Number.isFinite);
  const none = { best: new Set(), worst: new Set() };
  if (!direction || there.length < 2) return none;
  const [low, high] = there.reduce(([a, b], each) => [Math.min(a, each), Math.max(b, each)], [Infinity, -Infinity]);
  if (low === high) return none;
  const [best, worst] = direction === "min" ? [low, high] : [high, low];
  values.forEach((value, at) => {
    if (value === best) none.best.add(at);
    if (value === worst) none.worst.add(at);
  });
  return none;
}
