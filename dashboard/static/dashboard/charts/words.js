// What charts call their axes.
export function label(axis) {
  if (axis.startsWith("metric:")) return axis.slice(7);
  return { step: "step", relative: "time since the start", time: "time of day" }[axis] ?? axis;
}
