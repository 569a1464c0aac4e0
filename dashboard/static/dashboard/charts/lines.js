// The lines of a chart: which of its curves are drawn, in which look, and what they are called.
import { groupLook } from "./looks.js";

/**
 * Lines in the order of the runs, the main writer's first; as many writers of each as there is room for. Answers {lines,
 * leftOut}.
 */
export function linesOf(chart) {
  const { byRun, hidden, style, groups } = chart.board;
  if (groups.length) return { lines: groupLines(chart), leftOut: 0 };
  const order = new Map([...byRun.keys()].map((run, at) => [run, at]));
  const there = chart.curves.filter(({ run }) => order.has(run));
  const place = ({ key }) => chart.keys.indexOf(key);
  there.sort((one, other) => order.get(one.run) - order.get(other.run) || place(one) - place(other) || byWriter(one, other));
  const alone = new Set(there.map(({ run }) => run)).size === 1;
  const most = chart.all ? Infinity : Math.max(1, Math.floor(style.limits.writers / Math.max(1, chart.runs.length * chart.keys.length)));
  const counts = new Map();
  let leftOut = 0;
  const lines = there.flatMap((curve) => {
    const series = `${curve.run}\n${curve.key}`;
    const at = counts.get(series) ?? 0;
    counts.set(series, at + 1);
    if (at >= most) leftOut += 1;
    if (at >= most || hidden.has(curve.run)) return [];
    return [{ curve, ...lookOf(chart, curve, at, alone), label: labelOf(chart, curve) }];
  });
  return { lines, leftOut };
}

const byWriter = (one, other) => one.writer.length - other.writer.length || (one.writer < other.writer ? -1 : 1);

/** In a chart of several metrics the run has its colour and the metric its dash; of one run each metric has a colour. */
function lookOf({ board, keys }, curve, at, alone) {
  if (keys.length < 2) return board.looks.of(curve.run, at, alone);
  const metric = keys.indexOf(curve.key);
  if (alone && !board.looks.column) return board.looks.of(curve.run, metric + at * keys.length, true);
  return { ...board.looks.of(curve.run), dash: metric };
}

function labelOf({ board, keys }, curve) {
  const writer = curve.key.startsWith("system/") ? "" : curve.writer;
  return [board.byRun.get(curve.run).label, keys.length > 1 && curve.key, writer].filter(Boolean).join(" · ");
}

function groupLines({ board, keys, curves }) {
  const places = new Map(board.groups.map(({ label }, at) => [label, at]));
  const several = keys.length > 1;
  return curves.flatMap((curve) => {
    const place = places.get(curve.group) ?? 0;
    if (board.hidden.has(curve.group)) return [];
    curve.run = curve.group;
    const metric = keys.indexOf(curve.key);
    const number = several && places.size === 1 ? metric : place;
    const look = groupLook(number);
    const dash = several && places.size > 1 ? metric : look.dash;
    return [{ curve, colour: look.colour, dash, label: `${curve.group}${several ? ` · ${curve.key}` : ""} (n = ${curve.runs})` }];
  });
}

/** What tells the metrics of a chart apart, where all its lines of one metric have it: [{key, colour, dash}]. */
export function metricLooks(chart, lines) {
  const alone = new Set(lines.map(({ curve }) => curve.run)).size === 1;
  return chart.keys.flatMap((key) => {
    const line = lines.find(({ curve }) => curve.key === key);
    return line ? [{ key, colour: alone ? line.colour : "--ink", dash: line.dash }] : [];
  });
}
