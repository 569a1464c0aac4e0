// Making elements: attributes and children, where a text child is always text.
export function element(name, attributes = {}, children = []) {
  const made = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) if (value !== null && value !== false) made.setAttribute(attribute, value === true ? "" : value);
  made.append(...[children].flat().filter((each) => each !== null && each !== undefined));
  return made;
}

/** Where what lies over a page belongs: within its landmark, so that a screen reader knows what it is a part of. */
export const home = () => document.querySelector("main") ?? document.body;

const SVG = "http://www.w3.org/2000/svg";

/** The line that shows a look, as _swatch.html draws it; a colour that is none of the eight is set by a property. */
export function swatch({ colour, dash = 0 }) {
  const drawn = document.createElementNS(SVG, "svg");
  drawn.setAttribute("class", `swatch d${dash % 4}`);
  drawn.setAttribute("viewBox", "0 0 18 10");
  drawn.setAttribute("aria-hidden", "true");
  const line = document.createElementNS(SVG, "line");
  for (const [name, value] of [["x1", 0], ["y1", 5], ["x2", 18], ["y2", 5]]) line.setAttribute(name, value);
  drawn.append(line);
  drawn.style.setProperty("stroke", `var(${colour})`);
  return drawn;
}
