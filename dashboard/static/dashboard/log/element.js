// Rows as elements: text nodes in spans, and links that open when they are clicked; never HTML.
import { dress } from "./sgr.js";
import { stamp } from "./stamps.js";

export function rowElement(item, { times, marks, wanted, chosen }) {
  if (item.kind === "gap") return part("div", "log-gap", item.told);
  const { line } = item;
  const element = part("div", "line");
  element.dataset.line = line;
  const number = part("a", "no", line.toLocaleString("en"));
  number.href = `#L${line}`;
  number.tabIndex = -1;
  number.dataset.number = line;
  element.append(number);
  if (times !== "off" && item.kind !== "state") element.append(part("span", "at", stamp(item.time, times, item.began)));
  const text = part("span", "text");
  if (item.head) text.append(toggle(item.head));
  if (item.kind === "state") text.append(mark(item.text, wanted));
  else for (const piece of item.row.pieces) text.append(pieceElement(piece, wanted));
  element.append(text);
  for (const chip of item.chips ?? []) element.append(chipElement(chip));
  if (item.level) element.classList.add(item.level);
  if (item.kind === "state") element.classList.add("state");
  if (marks?.has(line)) element.classList.add("hit");
  if (chosen && line >= chosen[0] && line <= chosen[1]) element.classList.add("chosen");
  return element;
}

function pieceElement({ text, style }, wanted) {
  const inner = mark(text, wanted);
  if (!Object.keys(style).length) return inner;
  const element = document.createElement(style.link ? "a" : "span");
  if (style.link) {
    element.href = style.link;
    element.rel = "noopener noreferrer";
    element.target = "_blank";
    element.title = style.link;
  }
  dress(element, style);
  element.append(inner);
  return element;
}

/** Text in which every place of `wanted` ({text, case}) is marked. */
function mark(text, wanted) {
  const found = document.createDocumentFragment();
  const needle = wanted?.text ? (wanted.case ? wanted.text : wanted.text.toLowerCase()) : "";
  const hay = needle ? (wanted.case ? text : text.toLowerCase()) : "";
  let from = 0;
  if (hay.length === text.length) {
    for (let at = hay.indexOf(needle); needle && at !== -1; at = hay.indexOf(needle, from)) {
      found.append(text.slice(from, at), part("mark", "", text.slice(at, at + needle.length)));
      from = at + needle.length;
    }
  }
  found.append(text.slice(from));
  return found;
}

function chipElement({ told, key, open }) {
  if (!key) return part("span", "chip", told);
  const element = part("button", "chip", told);
  element.type = "button";
  element.dataset.open = key;
  element.ariaExpanded = String(open);
  return element;
}

function toggle({ key, open, told }) {
  const element = part("button", "fold", open ? "▾" : "▸");
  element.type = "button";
  element.dataset.open = key;
  element.ariaExpanded = String(open);
  element.ariaLabel = told;
  return element;
}

function part(tag, name, text) {
  const element = document.createElement(tag);
  if (name) element.className = name;
  if (text !== undefined) element.textContent = text;
  return element;
}
