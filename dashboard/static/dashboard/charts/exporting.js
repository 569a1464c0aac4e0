// What leaves a chart as a file: a picture, the points that are drawn, every point, a table for a paper.
import { toast } from "../app.js";
import { number } from "../words.js";
import { element } from "./elements.js";
import { token } from "./fetching.js";
import { resolve } from "./paint.js";

const [LETTER, ROW] = [6.5, 19]; // px of a legend's text
const LONGEST = 80; // characters of a name in it

const nameOf = (chart, ending) => `${chart.title.replace(/[^\w.-]+/g, "-").slice(0, 80) || "chart"}.${ending}`;

/** Let the browser save a text or an address of the page's own. */
function save(content, name, type) {
  const address = type ? URL.createObjectURL(new Blob([content], { type })) : content;
  const link = element("a", { href: address, download: name, hidden: true });
  document.body.append(link);
  link.click();
  link.remove();
  if (type) setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

/** A picture of the chart as it is seen, twice as fine, on the theme's ground, with a legend where there are several. */
export async function picture(chart, format) {
  const { data, layout } = chart.plot;
  const few = data.filter(({ meta }) => meta?.role === "line").length <= 20;
  const legend = few && chart.drawing.drawn.length > 1;
  const width = Math.max(640, chart.plot.clientWidth);
  const room = legend ? legendRoom(chart.drawing.drawn.map(({ label }) => label), width) : 0;
  const full = {
    ...layout,
    width,
    height: Math.max(360, chart.plot.clientHeight) + room,
    margin: { l: 56, r: 16, t: 36, b: 36 + room },
    legend: { orientation: "h", x: 0, y: 0, yanchor: "bottom", yref: "container", font: { size: 11 } },
    paper_bgcolor: resolve("--panel"),
    plot_bgcolor: resolve("--panel"),
    title: { text: escaped(chart.title), font: { size: 14 } },
    showlegend: legend,
  };
  const traces = data.map((trace) => ({ ...trace, name: escaped(shortened(trace.name ?? "")), showlegend: legend && trace.meta?.role === "line" }));
  try {
    const address = await window.Plotly.toImage({ data: traces, layout: full }, { format, scale: format === "png" ? 2 : 1, width: full.width, height: full.height });
    save(address, nameOf(chart, format));
  } catch (error) {
    console.warn(error);
    toast("The picture could not be made by this browser.", { error: true });
  }
}

/** Pixels that a legend takes below a picture of this width: its columns are as wide as the longest name. */
export function legendRoom(labels, width) {
  const longest = Math.max(...labels.map((label) => shortened(label).length)) * LETTER + 50;
  const columns = Math.max(1, Math.floor((width - 72) / longest));
  return Math.ceil(labels.length / columns) * ROW + 8;
}

const shortened = (text) => (text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text);

// Plotly reads some tags in texts.
const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

const quoted = (value) => {
  const text = /^[=+\-@\t\r]/.test(String(value)) && typeof value === "string" ? `'${value}` : String(value);
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

/** The points of each curve as they are drawn, as CSV. */
export function rows(chart) {
  const smoothed = Boolean(chart.settings.smooth);
  const head = ["run", "name", "key", "writer", chart.settings.x, "value", ...(smoothed ? ["smoothed"] : []), "min", "max"];
  const lines = [head.map(quoted).join(",")];
  const { zoom } = chart.settings;
  for (const { curve, label, x, y, raw } of chart.drawing.drawn) {
    const about = [curve.run, label, curve.key, curve.writer].map(quoted).join(",");
    for (let at = 0; at < x.length; at += 1) {
      if (zoom && (x[at] < zoom[0] || x[at] > zoom[1])) continue;
      lines.push([about, x[at], raw[at], ...(smoothed ? [y[at]] : []), curve.low[at], curve.high[at]].join(","));
    }
  }
  return `${lines.join("\n")}\n`;
}

export function seen(chart) {
  save(rows(chart), nameOf(chart, "csv"), "text/csv");
}

/** Every point of the chart's runs, streamed by the server. */
export function everything(chart) {
  const shown = chart.board.byRun;
  const runs = chart.runs.map(({ run }) => [run, shown.get(run).attempt]);
  const input = (name, value) => element("input", { type: "hidden", name, value });
  const form = element("form", { method: "post", action: "/charts/points.csv", hidden: true }, [
    input("csrfmiddlewaretoken", token()),
    input("asked", JSON.stringify({ runs, keys: chart.keys })),
  ]);
  document.body.append(form);
  form.submit();
  form.remove();
}

const SPECIAL = { "&": "\\&", "%": "\\%", $: "\\$", "#": "\\#", _: "\\_", "{": "\\{", "}": "\\}", "~": "\\textasciitilde{}", "^": "\\textasciicircum{}", "\\": "\\textbackslash{}", "<": "\\textless{}", ">": "\\textgreater{}" };
export const tex = (text) => String(text).replace(/[&%$#_{}~^\\<>]/g, (each) => SPECIAL[each]).replace(/[\n\r]+/g, " ");

/** A group's value at a place with its band: ± its half, or from the least to the greatest. */
function withBand({ y, low, high }, at, kind, cell) {
  const value = cell(y[at]);
  const half = (high[at] - low[at]) / 2;
  if (kind === "off" || !Number.isFinite(half)) return value;
  return kind === "minmax" ? `${value} (${cell(low[at])} to ${cell(high[at])})` : `${value.slice(0, -1)} \\pm ${cell(half).slice(1)}`;
}

/** Last, least and greatest value of each curve as a table of LaTeX; of groups the value where the most members count. */
export function latexOf(chart) {
  const drawn = chart.drawing.drawn;
  const grouped = drawn.some(({ curve }) => curve.members);
  const cell = (value) => (typeof value === "number" && Number.isFinite(value) ? `$${number(value).replace(/e(-?\d+)$/, "\\cdot 10^{$1}")}$` : "--");
  const { agg, band } = chart.board.settings;
  const kind = band || "std";
  const spreads = { minmax: " (min to max)", off: "" }[kind] ?? ` $\\pm$ ${kind}`;
  const head = grouped ? ["Group", "$n$", tex(chart.settings.x), `${tex(chart.title)}, ${agg}${spreads}`] : ["Run", "Last", "Min", "Max"];
  const lines = drawn.map(({ curve, label }) => {
    if (!grouped) return [tex(label), cell(curve.last), cell(curve.min), cell(curve.max)];
    const at = curve.members.lastIndexOf(curve.members.reduce((most, each) => Math.max(most, each), 0)); // where all still count
    return [tex(curve.group), String(curve.members[at] ?? 0), cell(curve.x[at]), withBand(curve, at, kind, cell)];
  });
  const columns = `l${"r".repeat(head.length - 1)}`;
  const body = [head, ...lines].map((line) => `  ${line.join(" & ")} \\\\`);
  return [`% ${tex(chart.title)}`, `\\begin{tabular}{${columns}}`, "  \\hline", body[0], "  \\hline", ...body.slice(1), "  \\hline", "\\end{tabular}", ""].join("\n");
}

export function latex(chart) {
  save(latexOf(chart), nameOf(chart, "tex"), "text/x-tex");
}
