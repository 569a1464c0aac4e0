// What the runs page asks the server, as JSON or as parts of pages. What goes wrong is thrown as asking.js has it.
import { ask } from "../asking.js";

export { post, report, turns } from "../asking.js";

export async function getJson(url, { signal } = {}) {
  return (await ask(url, { signal, headers: { Accept: "application/json" } })).json();
}

/** A part of the page, as a document of its own. */
export async function getPart(url, { signal } = {}) {
  const text = await (await ask(url, { signal, headers: { "HX-Request": "true" } })).text();
  return new DOMParser().parseFromString(text, "text/html");
}

/** A quiet line for screen readers. */
export function tell(text) {
  document.querySelector("[data-said]").textContent = text;
}
