// The filter's words as runs/query/syntax.py writes them: names of columns, and values in quotes where they need them.
const KEYWORDS = new Set(["and", "or", "not", "in", "exists"]);
const PLAIN_KEY = /^[\p{L}\p{N}_@/#%+*[\]{}][\p{L}\p{N}_@/#%+*[\]{}.-]*$/u;
const PLAIN_VALUE = /^[^\s"'(),=~][^\s"'(),]*$/u;
const COLUMN = /^(config|summary|metric)\.([^]*?)(?::(last|min|max|best))?$/;

const inQuotes = (text) => `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;

/** A value behind a sign. */
export function quoted(text) {
  return PLAIN_VALUE.test(text) ? text : inQuotes(text);
}

/** What a filter calls a column of the table: `config.lr`, `metric."val loss".min`; other text as it stands. */
export function nameOf(column) {
  const [, kind, key, which] = COLUMN.exec(column) ?? [];
  if (!kind) return PLAIN_KEY.test(column) && !KEYWORDS.has(column.toLowerCase()) ? column : inQuotes(column);
  const plain = PLAIN_KEY.test(key) && !/\.(last|min|max|best|count|nan|step)$|\.\.|\.$/.test(key);
  const part = which && kind === "metric" ? [which] : [];
  return [kind, plain ? key : inQuotes(key), ...part].join(".");
}
