// What a board says that it does not show: nothing is left out silently.
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
