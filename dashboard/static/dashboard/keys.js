// Keys. None is ever taken from somebody who types, and none together with Ctrl, Alt or Meta.
const PLACES = { o: "/", r: "/runs/", q: "/queue/", w: "/workers/" };

let afterG = 0;

const typing = (node) => node.closest("input:not([type=checkbox]), textarea, select, [contenteditable]");

export function installKeys() {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || document.querySelector("dialog[open]")) return;
    if (typing(event.target)) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    const key = event.key;
    if (afterG > Date.now() && key in PLACES) location.assign(PLACES[key]);
    else if (press(key)) event.preventDefault();
    afterG = key === "g" ? Date.now() + 1500 : 0;
  });
}

function press(key) {
  const deeds = {
    "/": () => focus("[data-filter], [data-find-metric]"),
    "?": () => document.querySelector("#help")?.showModal(),
    j: () => step(1),
    k: () => step(-1),
    x: () => current()?.querySelector("[data-choose]")?.click(),
    Enter: () => document.activeElement === document.body && current()?.querySelector("a[href]")?.click(),
    c: () => document.querySelector("[data-chosen]:not([hidden]) [data-compare-link]")?.click(),
    f: () => document.querySelector("[data-log-follow]")?.click(),
  };
  const deed = deeds[key];
  if (!deed) return false;
  return deed() !== false;
}

function focus(selector) {
  const field = document.querySelector(selector);
  field?.focus();
  field?.select();
  return Boolean(field);
}

const rows = () => [...document.querySelectorAll("[data-row]")];
const current = () => document.querySelector("[data-row].current");

function step(by) {
  const all = rows();
  if (!all.length) return false;
  const at = all.indexOf(current());
  const next = all[Math.min(Math.max(at + by, 0), all.length - 1)];
  current()?.classList.remove("current");
  next.classList.add("current");
  next.scrollIntoView({ block: "nearest" });
  return true;
}
