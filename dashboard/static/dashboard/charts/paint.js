// Colours as dashboard/figures.py names them ("--series-3", "--series-3/0.16"), as the theme of the moment has them.
const styles = () => getComputedStyle(document.documentElement);

const TEXTS = new Set(["name", "text", "meta", "ticktext"]); // what people wrote is no colour, whatever it looks like

/** Replace "--name" and "--name/0.16", anywhere in a figure, by what the custom property means in this theme. */
export function resolve(thing, css = styles()) {
  if (typeof thing === "string" && thing.startsWith("--")) {
    const [name, share] = thing.split("/");
    const colour = css.getPropertyValue(name).trim();
    return share ? withAlpha(colour, Number(share)) : colour;
  }
  if (ArrayBuffer.isView(thing)) return thing;
  if (Array.isArray(thing)) return typeof thing[0] === "number" ? thing : thing.map((each) => resolve(each, css));
  if (thing && typeof thing === "object") {
    const found = Object.entries(thing).map(([key, value]) => [key, TEXTS.has(key) ? value : resolve(value, css)]);
    return Object.fromEntries(found);
  }
  return thing;
}

function withAlpha(hex, alpha) {
  const part = (at) => parseInt(hex.slice(at, at + 2), 16);
  return `rgba(${part(1)}, ${part(3)}, ${part(5)}, ${alpha})`;
}
