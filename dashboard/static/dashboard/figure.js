// From a figure as dashboard/figures.py describes it to what Plotly draws: theme colours, smoothing, appended points.

const styles = () => getComputedStyle(document.documentElement);

/** Replace "--name" and "--name/0.16" by what the custom property means in this theme. */
export function resolve(thing, css = styles()) {
  if (typeof thing === "string" && thing.startsWith("--")) {
    const [name, share] = thing.split("/");
    const colour = css.getPropertyValue(name).trim();
    return share ? withAlpha(colour, Number(share)) : colour;
  }
  if (Array.isArray(thing)) return typeof thing[0] === "object" && thing[0] ? thing.map((each) => resolve(each, css)) : thing;
  if (thing && typeof thing === "object") {
    return Object.fromEntries(Object.entries(thing).map(([key, value]) => [key, resolve(value, css)]));
  }
  return thing;
}

function withAlpha(hex, alpha) {
  const part = (at) => parseInt(hex.slice(at, at + 2), 16);
  return `rgba(${part(1)}, ${part(3)}, ${part(5)}, ${alpha})`;
}

/** Exponential moving average without the bias of its first values; gaps stay gaps. */
export function smooth(values, weight) {
  let sum = 0;
  let norm = 0;
  return values.map((value) => {
    if (value === null) return null;
    sum = sum * weight + (1 - weight) * value;
    norm = norm * weight + (1 - weight);
    return sum / norm;
  });
}

/** The traces to draw; a smoothed line has its raw one faintly behind it. */
export function traces(figure, weight) {
  if (!weight) return figure.data;
  return figure.data.flatMap((trace) => {
    if (trace.meta?.role !== "line") return trace.meta?.role === "odd" ? [trace] : [];
    const raw = { ...trace, opacity: 0.22, hoverinfo: "skip", hovertemplate: undefined };
    return [raw, { ...trace, y: smooth(trace.y, weight) }];
  });
}

/** The lines of a run in a figure: one for each of its writers. */
export function linesOf(figure, run) {
  return figure.data.filter((trace) => trace.meta?.role === "line" && trace.meta.run === run);
}

export function lineOf(figure, run, writer = "") {
  return linesOf(figure, run).find((trace) => (trace.meta.writer ?? "") === writer);
}

/**
 * Append columns {from, step, value, time} to the line of a run's writer. Answers "grown", "known" (nothing new), or "stale": there
 * is a gap, and the whole figure has to be fetched.
 */
export function append(figure, run, columns, axis, writer = "") {
  const line = lineOf(figure, run, writer);
  if (!line || columns.from > line.meta.count) return "stale";
  const known = line.meta.count - columns.from;
  const count = columns.value.length;
  if (known >= count) return "known";
  const band = (role) => figure.data.find((trace) => trace.meta?.role === role && trace.meta.curve === line.meta.curve);
  for (let i = known; i < count; i += 1) {
    const value = typeof columns.value[i] === "number" ? columns.value[i] : null; // "NaN" and infinities are gaps
    const x = axis === "time" ? columns.time[i] - line.meta.origin : columns.step[i];
    line.x.push(x);
    line.y.push(value);
    for (const edge of [band("low"), band("high")]) edge?.y.push(value); // they share the line's x below
  }
  for (const edge of [band("low"), band("high")]) if (edge) edge.x = line.x;
  if (line.x.length > 1) line.mode = "lines";
  line.meta.count += count - known;
  return "grown";
}
