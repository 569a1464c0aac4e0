// Rows as elements: text nodes in spans, and links that open when they are clicked; never HTML.
import { marked, placesOf } from "./marking.js";
import { dress } from "./sgr.js";
import { stamp } from "./stamps.js";

/** `look`: {times, marks: lines with a hit, wanted: a text, spans: hits of an expression, current: the hit one is at, chosen}. */
export function rowElement(item, look) {
  const { times } = look;
  if (item.kind === "gap") return part("div", "log-gap", item.told);
  const { line } = item;
  const element = part("div", "line");
  element.dataset.line = line;
  const number = part("a", "no", line.toLocaleString("en"));
  number.href = `#L${line}`;
  number.tabIndex = -1;
  number.dataset.number = line;
  element.append(number);
  if (times !== "off") element.append(part("span", "at", item.kind === "state" ? "" : stamp(item.time, times, item.began)));
  element.append(textElement(item, look));
  for (const chip of item.chips ?? []) element.append(chipElement(chip));
  if (item.level) element.classList.add(item.level);
  if (item.kind === "state") element.classList.add("state");
  else dressLine(element, line, look);
  return element;
}

function dressLine(element, line, { marks, chosen, current }) {
  if (marks?.has(line)) element.classList.add("hit");
  if (line === current) element.classList.add("current");
  if (chosen && line >= chosen[0] && line <= chosen[1]) element.classList.add("chosen");
}

function textElement(item, { wanted, spans }) {
  const text = part("span", "text");
  if (item.head) text.append(toggle(item.head));
  if (item.toRaw) {
    const element = part("button", "chip", item.toRaw);
    element.type = "button";
    element.dataset.toRaw = item.line;
    text.append(element);
  }
  if (item.kind === "state") {
    text.append(marked(item.text, placesOf(item.text, wanted)));
    return text;
  }
  const whole = item.row.pieces.map((piece) => piece.text).join("");
  const places = wanted ? placesOf(whole, wanted) : (spans?.places(item.line, whole) ?? []);
  let before = 0;
  for (const piece of item.row.pieces) {
    text.append(pieceElement(piece, places, before));
    before += piece.text.length;
  }
  return text;
}

function pieceElement({ text, style }, places, before) {
  const inner = marked(text, places, before);
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
