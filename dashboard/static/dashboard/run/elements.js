// Elements from their names, attributes and children; texts become text nodes and nothing else.
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(key, value);
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children);
  return made;
}

export const button = (word, pressed, { main = false, ...more } = {}) =>
  element("button", { type: "button", class: `button slim${main ? " main" : ""}`, click: pressed, ...more }, word);
