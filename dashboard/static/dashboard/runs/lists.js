// Comma lists in the URL: each element is encoded, so that a comma inside a name is no border.
import { get, set } from "../urlstate.js";

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // somebody typed a lone %
  }
}

export function parse(text) {
  return text.split(",").filter(Boolean).map(decoded);
}

// What has a meaning inside a list; the rest stays readable in the address bar.
export function format(elements) {
  return elements.map((each) => encodeURIComponent(each).replaceAll("%2F", "/").replaceAll("%3A", ":").replaceAll("%40", "@")).join(",");
}

export function getList(name) {
  return parse(get(name));
}

export function setList(name, elements, options) {
  set({ [name]: elements.length ? format(elements) : null }, options);
}

/** In the list, or not any more; true where it is now. */
export function toggle(name, element, options) {
  const before = getList(name);
  const is = !before.includes(element);
  setList(name, is ? [...before, element] : before.filter((each) => each !== element), options);
  return is;
}
