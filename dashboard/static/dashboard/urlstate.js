// The URL is the state of a page: what stands in its query string, and who wants to know when that changes.
const listeners = new Set();
const rules = new Set();

// Parsing hundreds of ids takes a while, and pages ask thousands of times.
let parsed = { search: "", query: new URLSearchParams() };

/** The value of a parameter; `otherwise` where it is not there. */
export function get(name, otherwise = "") {
  const { search } = location;
  if (search !== parsed.search) parsed = { search, query: new URLSearchParams(search) };
  return parsed.query.get(name) ?? otherwise;
}

/**
 * Write parameters: `{sort: "-started", page: null}`. Null, undefined and "" take one away. Neighbouring states of one
 * gesture (a slider that moves) replace each other; `push` makes a step that the browser's Back undoes.
 */
export function set(changes, { push = false } = {}) {
  const query = new URLSearchParams(location.search);
  const changed = new Set();
  for (const [name, value] of Object.entries(changes)) {
    const text = value === null || value === undefined ? "" : String(value);
    if ((query.get(name) ?? "") === text) continue;
    changed.add(name);
    if (text) query.set(name, text);
    else query.delete(name);
  }
  for (const rule of rules) rule(query);
  for (const name of changed) if ((query.get(name) ?? "") === get(name)) changed.delete(name);
  if (!changed.size) return;
  const text = query.toString();
  const url = `${location.pathname}${text ? `?${text}` : ""}${location.hash}`;
  if (push) history.pushState(null, "", url);
  else history.replaceState(null, "", url);
  tell(changed);
}

/** Hear of changes: `heard(names)` with a Set of parameters, or null where any may have changed (Back, Forward). */
export function onChange(heard) {
  listeners.add(heard);
  return () => listeners.delete(heard);
}

/** `rule(query)` has the last word on what is written, whoever wrote it. */
export const addRule = (rule) => rules.add(rule);

const tell = (names) => listeners.forEach((heard) => heard(names));

window.addEventListener("popstate", () => tell(null));
