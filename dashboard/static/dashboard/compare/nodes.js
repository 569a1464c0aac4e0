// Elements made by scripts. What people named becomes text and nothing else.
const SVG = "http://www.w3.org/2000/svg";

/** `node("button", {class: "slim", type: "button", onclick: f, disabled: false}, "text", otherNode)`. */
export function node(tag, given = {}, ...children) {
  return filled(document.createElement(tag), given, children);
}

export function svg(tag, given = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), given, children);
}

function filled(made, given, children) {
  for (const [name, value] of Object.entries(given)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

export function icon(name) {
  return svg("svg", { class: "icon", "aria-hidden": "true" }, svg("use", { href: `#i-${name}` }));
}

/** The line that stands for a run everywhere (as _swatch.html draws it). */
export function swatch(run) {
  const mark = { class: `swatch c${run.colour} d${run.dash}`, viewBox: "0 0 18 10", "aria-hidden": "true" };
  return svg("svg", mark, svg("line", { x1: 0, y1: 5, x2: 18, y2: 5 }));
}

/** A plain button; `label` is what screen readers say where it has no text. */
export function button(content, onclick, { label = "", pressed = null, className = "" } = {}) {
  const given = { type: "button", class: `button slim ${className}`.trim(), onclick };
  if (label) Object.assign(given, { "aria-label": label, title: label });
  if (pressed !== null) given["aria-pressed"] = String(pressed);
  return node("button", given, content);
}

/** A select of [value, text] pairs. */
export function choices(pairs, chosen, onchange, label) {
  const made = node("select", { "aria-label": label, onchange: () => onchange(made.value) });
  for (const [value, text] of pairs) made.append(node("option", { value, selected: value === chosen }, text));
  return made;
}

export function tick(label, checked, onchange) {
  const box = node("input", { type: "checkbox", checked, onchange: () => onchange(box.checked) });
  return node("label", { class: "small soft tick-label" }, box, ` ${label}`);
}
