// Parts of the page that are fetched when somebody scrolls to them, and that say so when that fails.
import { ask } from "../asking.js";
import { button, node } from "./nodes.js";

export { turns } from "../asking.js";

const AHEAD = "400px";
const PATIENCE = 1500; // ms
export const ROUNDS = 2; // what a part holds is known when it is there

// Before the first chart stands the page is short, and everything would seem to be near; and nothing may delay it.
const charted = new Promise((done) => {
  document.addEventListener("whirr:drawn", done, { once: true });
  setTimeout(done, PATIENCE);
});

const parts = []; // {label(), isOver(), begin()}: what has to be there before the page is printed

/** `begin` promises to fetch what is left of the part; it may be asked again. */
export const addPart = (part) => parts.push(part);

/** Names of the parts that are not there, or not wholly. */
export const missing = () => [...new Set(parts.filter((part) => !part.isOver()).map((part) => part.label()))];

/** Fetch all of them. A part says itself what it could not fetch. */
export async function fetchAll() {
  for (let time = 0; time < ROUNDS; time += 1) await Promise.allSettled(parts.filter((part) => !part.isOver()).map((part) => part.begin()));
}

/** Call `load` once, when the element comes near the screen and the first chart is drawn, or when the page is printed. */
export function whenNear(root, load) {
  let begun = null;
  let isOver = false;
  const begin = () => (begun ??= Promise.resolve(load()).finally(() => (isOver = true)));
  addPart({ label: () => root.getAttribute("aria-label") ?? root.id, isOver: () => isOver, begin });
  const seen = new IntersectionObserver(
    (entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      seen.disconnect();
      begin();
    },
    { rootMargin: AHEAD },
  );
  charted.then(() => seen.observe(root));
}

export const fetchJson = async (url, options) => (await ask(url, options)).json();
export const fetchText = async (url, options) => (await ask(url, options)).text();

/** Say in `place` what went wrong, with a way to try again. */
export function sayTrouble(place, error, again) {
  if (error.name === "AbortError") return;
  if (error.name !== "Refused") console.error(error);
  const said = node("p", { class: "inside trouble", role: "alert" }, `${error.message} `);
  said.append(button("Try again", again));
  place.replaceChildren(said);
}

/** Call `does` once things have been quiet for a moment. */
export function quietly(does, wait = 120) {
  let timer = 0;
  return (...given) => {
    clearTimeout(timer);
    timer = setTimeout(() => does(...given), wait);
  };
}
