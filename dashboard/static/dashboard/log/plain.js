// A line as one reads it: without the escapes that colour it.
// eslint-disable-next-line no-control-regex
const ESCAPES = /\x1b(?:\[[0-9:;<=>?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?)/g;

export const plain = (text) => text.replace(ESCAPES, "");

const known = new Intl.NumberFormat("en");
export const count = (n) => known.format(n);

/** "1 line", "2,000 lines". */
export const counted = (n, one) => `${count(n)} ${one}${n === 1 ? "" : "s"}`;
