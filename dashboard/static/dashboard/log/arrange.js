// What of a page of lines is shown: folds, collapsed repeats, gaps in time. Every item is a row of the list.
import { count, counted } from "./plain.js";
import { LONG_GAP, gapText } from "./stamps.js";
import { Terminal, pictured } from "./terminal.js";

const ERROR = /\b(?:ERROR|CRITICAL|FATAL|Traceback|[A-Z]\w*Error)\b/;
const WARNING = /\b(?:WARN|WARNING|[A-Z]\w*Warning)\b/;
const REPEATS = 3; // equal rows that become one
const PIP = /^\s*(?:Collecting |Downloading |Using cached |Requirement already satisfied|Installing |Building wheel|Preparing metadata|Getting requirements|Obtaining |Looking in indexes|Created wheel|Stored in directory|━)/;
const PIP_LINES = 6;
const FRAME = /^(?:\[(?:rank|default)\d+\]:? ?)?\s+File ".*", line \d+/;
const FRAMES = 12; // rows of a traceback that are shown whole
const FRAMES_KEPT = 4; // before the fold, and behind it
const STATES = 400; // raw states of a progress bar that are shown at once

const textOf = (row) => row.pieces.map((piece) => piece.text).join("");

/** A page as items. `page`: {first, lead, leadTime, raw, cut, times}; `view`: {raw, repeats, opened, folds, began, last},
 * and where only some lines are shown `shows(raw)` and `prefix(text)`, how much of a row says whose it is. */
export function arrange(page, view) {
  const rows = view.raw ? rawRows(page, view) : rendered(page, view);
  let items = rows.map((row) => lineItem(row, page, view));
  if (!view.raw) {
    items = withoutFolded(items, view);
    items = collapsed(items, view);
    items = items.flatMap((item) => [item, ...states(item, page, view)]);
  }
  return withGaps(items, page.leadTime ?? null, view);
}

function rendered(page, { shows = () => true }) {
  const terminal = new Terminal();
  const feed = (lines, first) => lines.forEach((text, at) => shows(text ?? "") && terminal.line(text ?? "", first + at));
  feed(page.lead, page.first - page.lead.length);
  terminal.begin();
  feed(page.raw, page.first);
  return terminal.shown();
}

function rawRows(page, { shows = () => true }) {
  return page.raw.flatMap((text, at) => (shows(text ?? "") ? [rawRow(text, page.first + at)] : []));
}

/** The first so many characters faint. */
function faded(pieces, length) {
  return pieces.flatMap(({ text, style }) => {
    const [head, rest] = [text.slice(0, length), text.slice(length)];
    length = Math.max(0, length - text.length);
    return [head && { text: head, style: { ...style, faint: true } }, rest && { text: rest, style }].filter(Boolean);
  });
}

function rawRow(text, line) {
  return { line, last: line, pieces: [{ text: pictured(text ?? ""), style: {} }], updates: 0, cut: false };
}

function lineItem(row, page, view) {
  const whole = textOf(row);
  const prefix = view.prefix?.(whole) ?? 0;
  const text = whole.slice(prefix);
  if (prefix) row = { ...row, pieces: faded(row.pieces, prefix) };
  const at = row.line - page.first;
  const level = ERROR.test(text) ? "trouble" : WARNING.test(text) ? "warning" : "";
  const item = { kind: "line", line: row.line, row, text, level, time: page.times?.[at] ?? null, began: view.began };
  item.chips = [];
  const hole = page.cut[row.line];
  if (hole) item.chips.push({ told: `${counted(hole[1], "byte")} left out; the raw log has them` });
  else if (row.cut) item.chips.push({ told: "the rest of this line is in the raw log" });
  if (row.raw) item.chips.push({ told: "raw: the lines above have too many escapes" });
  if (row.updates) {
    const key = `u${row.line}`;
    item.chips.push({ told: `${count(row.updates + 1)} updates`, key, open: view.opened.has(key) });
  }
  return item;
}

/** Lines within closed groups go; their heads get a toggle. */
function withoutFolded(items, { folds }) {
  return items.filter((item) => {
    const head = folds.headAt(item.line);
    if (head) {
      const lines = head.last ? ` · ${counted(head.last - head.first, "line")}` : "";
      item.head = { key: `g${head.first}`, open: folds.isOpen(head), told: `${head.title || head.kind}${lines}` };
      if (head.kind === "group") item.row = { ...item.row, pieces: [{ text: head.title || "group", style: { bold: true } }] };
      if (!item.head.open && lines) item.chips.push({ told: lines.slice(3), key: item.head.key, open: false });
    } else if (item.text === "::endgroup::") return folds.isShown(item.line) && !folds.endsAt(item.line);
    else if (item.text.trim() === "^^^ +++") return false;
    return folds.isShown(item.line);
  });
}

const SIGNATURES = {
  exact: (text) => text,
  alike: (text) => text.replace(/\d+(?:\.\d+)?/g, "#"),
};

function collapsed(items, view) {
  const signature = SIGNATURES[view.repeats];
  const found = [];
  for (let from = 0; from < items.length; ) {
    const [length, told, keep] = stretch(items, from, signature);
    const key = `c${items[from].line}`;
    const open = view.opened.has(key);
    if (length) {
      items[from + keep].chips.push({ told, key, open });
      found.push(...(open ? items.slice(from, from + length) : items.slice(from, from + keep + 1)));
      from += length;
    } else found.push(items[from++]);
  }
  return found;
}

/** How many items from there on become one, what that says, and how many of them stay before it; 0 for none. */
function stretch(items, from, signature) {
  const while_ = (test) => {
    let to = from;
    while (to < items.length && !items[to].head && test(items[to])) to += 1;
    return to - from;
  };
  if (signature && items[from].text) {
    const mine = signature(items[from].text);
    const same = while_((item) => signature(item.text) === mine);
    if (same >= REPEATS) return [same, `× ${count(same)}`, 0];
  }
  if (PIP.test(items[from].text)) {
    const pip = while_((item) => PIP.test(item.text));
    if (pip >= PIP_LINES) return [pip, `${count(pip)} lines of pip`, 0];
  }
  if (FRAME.test(items[from].text) && !(from && FRAME.test(items[from - 1].text))) return frames(items, from);
  return [0];
}

// The middle of a long traceback: what called, and what raised, stay.
function frames(items, from) {
  if (!/Traceback \(most recent call last\)/.test(items[from - 1]?.text ?? "")) return [0];
  let to = from;
  while (to < items.length && /^(?:\[(?:rank|default)\d+\]:? ?)?\s/.test(items[to].text)) to += 1;
  const starts = [];
  for (let at = from; at < to; at += 1) if (FRAME.test(items[at].text)) starts.push(at);
  if (starts.length <= FRAMES) return [0];
  const keep = starts[FRAMES_KEPT] - from;
  const end = starts[starts.length - FRAMES_KEPT];
  return [end - from, `${count(starts.length - 2 * FRAMES_KEPT)} frames`, keep];
}

/** What a progress bar showed, one row for each state. */
function states(item, page, { opened }) {
  if (!item.row.updates || !opened.has(`u${item.line}`)) return [];
  const lines = [];
  for (let line = item.row.line; line <= item.row.last; line += 1) lines.push(page.raw[line - page.first] ?? "");
  const all = lines.flatMap((text) => text.split("\r")).filter((text) => text !== "");
  const shown = all.slice(-STATES).map((text) => ({ kind: "state", line: item.line, text: rawRow(text, 0).pieces[0].text }));
  if (all.length > STATES) {
    const told = `${counted(all.length - STATES, "earlier state")} in the raw log`;
    shown.unshift({ kind: "state", line: item.line, text: "", toRaw: told });
  }
  return shown;
}

/** A silence is drawn before the line that ended it; `before` is when the line above these came. */
function withGaps(items, before, view) {
  return items.flatMap((item) => {
    const gap = before !== null && item.time !== null ? item.time - before : 0;
    before = item.time ?? before;
    return gap > LONG_GAP && view.times !== "off" ? [{ kind: "gap", line: item.line, told: gapText(gap) }, item] : [item];
  });
}

/** The new items of a page; those that are what they were stay the same objects, and so keep their elements. */
export function steady(before, items) {
  const known = new Map(before.map((item) => [name(item), item]));
  return items.map((item) => {
    const there = known.get(name(item));
    return there && same(there, item) ? there : item;
  });
}

const name = (item) => `${item.kind} ${item.line} ${item.kind === "state" ? item.text : ""}`;
const facts = ({ row, chips, head }) => JSON.stringify([row.pieces, chips, head]);

function same(a, b) {
  return a.kind === "line" && b.kind === "line" && a.time === b.time && facts(a) === facts(b);
}
