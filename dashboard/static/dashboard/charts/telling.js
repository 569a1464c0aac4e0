// What a board says that it does not show: nothing is left out silently. And what a screen reader hears of a chart.
import { number } from "../words.js";
import { label as axisLabel } from "./words.js";

const some = (count, word) => `${count} ${word}${count === 1 ? "" : "s"}`;

/**
 * A sentence for each: runs that are `missing`; `facets` {columns, values, shown, runs} beyond the most charts of a metric;
 * `columns` that are not read; charts of the address that were `passed` over.
 */
export function leftOut({ missing = [], facets = null, columns = [], passed = 0 }) {
  const more = missing.length > 5 ? ` and ${missing.length - 5} more` : "";
  return [
    missing.length && `Not found: ${missing.slice(0, 5).join(", ")}${more}.`,
    facets && `${facets.shown} of ${facets.values} values of ${facets.columns.join(", ")} have a chart; the other ${facets.values - facets.shown}, with ${some(facets.runs, "run")}, are not drawn.`,
    columns.length && `Colour, dash and charts apart read 8 columns together; ${columns.join(", ")} ${columns.length === 1 ? "is" : "are"} left out.`,
    passed && `${some(passed, "chart")} of the address could not be read or ${passed === 1 ? "was" : "were"} too many, and ${passed === 1 ? "is" : "are"} passed over.`,
  ].filter(Boolean).join(" ");
}

/** How many curves a chart has over which axis, and between which values they end. */
export function heard(title, x, drawn) {
  const lasts = drawn.map(({ curve }) => curve.last ?? curve.y.at(-1)).filter(Number.isFinite);
  const curves = `${some(drawn.length, "curve")} over ${axisLabel(x)}`;
  if (!lasts.length) return `${title}: ${curves}.`;
  const [least, most] = [lasts.reduce((a, b) => Math.min(a, b)), lasts.reduce((a, b) => Math.max(a, b))];
  return `${title}: ${curves}; last ${least === most ? number(least) : `values from ${number(least)} to ${number(most)}`}.`;
}
