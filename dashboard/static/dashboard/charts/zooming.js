// What a rectangle that was dragged in a chart means: a range along x, one of values, or both.
const FLAT = 0.3; // of the plot's height: who drags no higher means x alone

/** Whether any line has a point in the rectangle. */
const holds = (drawn, range, [low, high]) =>
  drawn.some(({ x, y }) => y.some((value, at) => value >= low && value <= high && (!range || (x[at] >= range[0] && x[at] <= range[1]))));

/**
 * {range, fixed}: `range` along x and `fixed` values as they were dragged, each null or two numbers in order. A flat
 * rectangle is a range of x alone, and so is one in which no point lies, which would leave the chart empty.
 */
export function meant({ drawn, axis }, range, fixed) {
  if (!fixed) return { range, fixed };
  const [low, high] = fixed.map(axis.kind === "log" ? Math.log10 : axis.place);
  const height = Math.abs((high - low) / (axis.range[1] - axis.range[0]));
  const flat = range && height < FLAT;
  return { range, fixed: flat || !holds(drawn, range, fixed) ? null : fixed };
}
