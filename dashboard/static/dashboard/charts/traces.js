// From curves to what Plotly draws: lines, bands, marks. Many curves of one look share a trace, with gaps between them.
import { smooth, unitOf } from "./smoothing.js";
import { axisFor, finite } from "./scales.js";

const ODD_SYMBOLS = { NaN: "triangle-up", Infinity: "arrow-up", "-Infinity": "arrow-down" };
const MARKS_AT_MOST = 2000; // of a kind in a chart; the count says how many there are

/**
 * The drawing of a chart. `lines` are {curve, colour, dash, label}; `style` is dashboard/figures.py's; `settings` are {y,
 * smooth, clip, bands, zoom, fixed}. Answers {data, yaxis, drawn, notes}: traces without theme colours, the axis, what is
 * drawn of each curve for the pointer to find, and counts of what is marked.
 */
export function drawing(lines, style, settings) {
  const unit = settings.smooth ? unitOf(lines.map(({ curve }) => curve.x)) : 1;
  const drawn = lines.map((line) => {
    const y = settings.smooth ? smooth(line.curve, settings.smooth, unit) : line.curve.y;
    return { ...line, x: line.curve.x, y, raw: line.curve.y };
  });
  const banded = (line) => line.curve.members || (settings.bands && !settings.smooth && !line.curve.exact && lines.length <= style.limits.bands);
  const extents = drawn.flatMap((line) => [line, ...(banded(line) ? [{ x: line.x, y: line.curve.low }, { x: line.x, y: line.curve.high }] : [])]);
  const axis = axisFor(settings.y, finite(extents, settings.zoom), { clip: settings.clip, fixed: settings.fixed });
  const make = maker(style, axis);
  const data = [
    ...drawn.filter(banded).flatMap((line) => make.band(line)),
    ...(settings.smooth ? make.lines("raw", drawn.map((line) => ({ ...line, y: line.raw }))) : []),
    ...make.lines("line", drawn),
  ];
  const odd = drawn.flatMap(oddities);
  const edge = settings.y === "log" ? drawn.flatMap(nonPositive) : [];
  const clipped = settings.clip || settings.fixed ? drawn.flatMap((line) => beyond(line, axis, settings.zoom)) : [];
  data.push(...make.marks("edge", thinned(edge), axis.bounds[0]), ...make.marks("clipped", thinned(clipped)), ...make.marks("odd", thinned(odd)));
  return { data, axis, drawn, notes: { odd: counted(odd), edge: edge.length, clipped: clipped.length } };
}

const counted = (marks) => marks.reduce((counts, { kind }) => ({ ...counts, [kind]: (counts[kind] ?? 0) + 1 }), {});

function maker(style, axis) {
  const place = (column) => Float64Array.from(column, axis.kind === "log" ? positive : (each) => (Number.isFinite(each) ? axis.place(each) : NaN));
  const trace = (role, rest) => {
    const plain = style.roles[role];
    return { ...plain, ...rest, line: { ...plain.line, ...rest.line }, marker: { ...plain.marker, ...rest.marker }, meta: { role, ...rest.meta } };
  };
  const look = (line) => ({ color: line.colour, dash: style.dashes[line.dash % style.dashes.length] });
  const mode = (line) => (line.x.length <= style.limits.marked ? "lines+markers" : "lines");
  return {
    band(line) {
      const { low, high, run, writer } = line.curve;
      const of = { x: line.x, meta: { run, writer } };
      return [trace("low", { ...of, y: place(low) }), trace("high", { ...of, y: place(high), fillcolor: `${line.colour}/0.16` })];
    },
    lines(role, lines) {
      if (lines.length <= style.limits.merged) {
        return lines.map((line) => {
          const { run, writer, attempt, count } = line.curve;
          const meta = { run, writer, attempt, count, key: line.curve.key };
          const own = role === "line" ? { mode: mode(line) } : {};
          return trace(role, { x: line.x, y: place(line.y), name: line.label, line: look(line), marker: { color: line.colour }, meta, ...own });
        });
      }
      const alike = Map.groupBy(lines, (line) => `${line.colour} ${line.dash} ${mode(line)}`);
      return [...alike.values()].map((some) => {
        const { x, y } = merged(some);
        return trace(role, { x, y: place(y), mode: role === "raw" ? "lines" : mode(some[0]), line: { ...look(some[0]), width: 1 }, marker: { color: some[0].colour, size: 3 }, meta: { merged: some.length } });
      });
    },
    marks(role, marks, height) {
      if (!marks.length) return [];
      const marker = { symbol: marks.map(({ symbol }) => symbol ?? "triangle-down-open") };
      if (role !== "odd") marker.color = marks.map(({ colour }) => colour);
      const y = marks.map((mark) => (height !== undefined ? height : axis.kind === "symlog" && role === "odd" ? axis.place(mark.y) : mark.y));
      return [trace(role, { x: marks.map(({ x }) => x), y, text: marks.map(({ kind }) => kind), marker })];
    },
  };
}

// Infinities are marks, and gaps in a line like NaN.
const positive = (value) => (value > 0 && value < Infinity ? value : NaN);

/** Columns behind each other, with a gap between two curves. */
export function merged(lines) {
  const size = lines.reduce((sum, { x }) => sum + x.length + 1, 0);
  const x = new Float64Array(size);
  const y = new Float64Array(size);
  let at = 0;
  for (const line of lines) {
    x.set(line.x, at);
    y.set(line.y, at);
    at += line.x.length;
    x[at] = line.x.length ? line.x.at(-1) : 0;
    y[at] = NaN;
    at += 1;
  }
  return { x, y };
}

/** What is no finite number, at the height of the last one that was; and the first NaN, where thinning left it out. */
function oddities({ curve, x, y, colour }) {
  const marks = [];
  let height = 0;
  const heights = curve.nan_count ? new Float64Array(y.length) : null;
  for (let at = 0; at < y.length; at += 1) {
    if (Number.isFinite(y[at])) height = y[at];
    else if (!curve.members) marks.push({ x: x[at], y: height, kind: String(y[at]), symbol: ODD_SYMBOLS[y[at]], colour });
    if (heights) heights[at] = height;
  }
  const hidden = heights && !curve.exact ? hiddenNan(curve, y) : -1;
  if (hidden >= 0) {
    const at = curve.axis === "step" ? curve.first_nan_step : x[hidden];
    marks.push({ x: at, y: heights[hidden], kind: "NaN", symbol: ODD_SYMBOLS.NaN, colour });
  }
  return marks;
}

/** The bucket in which the first NaN lies and is not seen; -1 where it is seen, not there, or steps are in no order. */
function hiddenNan(curve, y) {
  const { step, first_nan_step: first } = curve;
  if (first === null || first === undefined) return -1;
  const at = step.findIndex((each) => each >= first);
  if (at < 0 || (at === 0 && step[0] > first && curve.size < 2)) return -1;
  for (let place = 1; place < step.length; place += 1) if (step[place] < step[place - 1]) return -1;
  return step[at] === first && Number.isNaN(y[at]) ? -1 : at;
}

function nonPositive({ x, y, colour }) {
  const marks = [];
  for (let at = 0; at < y.length; at += 1) if (y[at] <= 0) marks.push({ x: x[at], kind: String(y[at]), symbol: "triangle-down-open", colour });
  return marks;
}

/** Points beyond what the axis shows, at its edges, with an arrow to where they are. */
function beyond({ x, y, colour }, axis, zoom) {
  const [low, high] = axis.bounds;
  const marks = [];
  for (let at = 0; at < y.length; at += 1) {
    if (zoom && (x[at] < zoom[0] || x[at] > zoom[1])) continue;
    if (y[at] > high) marks.push({ x: x[at], y: axis.place(high), kind: "above", symbol: "triangle-up", colour });
    else if (y[at] < low && !(axis.kind === "log" && y[at] <= 0)) marks.push({ x: x[at], y: axis.place(low), kind: "below", symbol: "triangle-down", colour });
  }
  return marks;
}

const thinned = (marks) => {
  const stride = Math.ceil(marks.length / MARKS_AT_MOST);
  return stride > 1 ? marks.filter((_, at) => at % stride === 0) : marks;
};
