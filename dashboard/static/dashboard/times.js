// Times: how long ago, how long since, and exactly when, in the zone that somebody chose.
import { ago, duration } from "./words.js";

const ZONES = ["system", "utc"];
const KEY = "whirr-zone";
const PARTS = { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit" };

/** "system" or "utc". */
export function zone() {
  try {
    return ZONES.includes(localStorage.getItem(KEY)) ? localStorage.getItem(KEY) : "system";
  } catch {
    return "system";
  }
}

const formats = new Map(); // by zone: making one takes longer than a hundred times of using it

function formatOf(timeZone) {
  if (!formats.has(timeZone)) formats.set(timeZone, new Intl.DateTimeFormat("en-CA", { ...PARTS, hourCycle: "h23", timeZone }));
  return formats.get(timeZone);
}

function written(date, timeZone) {
  const parts = formatOf(timeZone).formatToParts(date);
  const of = Object.fromEntries(parts.map(({ type, value }) => [type, value]));
  return `${of.year}-${of.month}-${of.day} ${of.hour}:${of.minute}:${of.second}`;
}

let here = "";
const local = () => (here ||= Intl.DateTimeFormat().resolvedOptions().timeZone);

/** "2026-02-07 14:03:09", in the chosen zone; "no time" for what is none. */
export function exact(date) {
  if (Number.isNaN(date.getTime())) return "no time";
  return written(date, zone() === "utc" ? "UTC" : local());
}

/** Both clocks, for a tooltip: the chosen one first. */
export function bothClocks(date) {
  if (Number.isNaN(date.getTime())) return "no time";
  const clocks = [`${written(date, local())} ${local()}`, `${written(date, "UTC")} UTC`];
  if (local() === "UTC") return clocks[1];
  return (zone() === "utc" ? clocks.reverse() : clocks).join("\n");
}

const put = (node, text) => node.textContent === text || (node.textContent = text);

/** Both clocks, from when somebody points at a time; until then its title is the server's. */
function tooltip({ target }) {
  const node = target.closest?.("time[datetime]") ?? target.querySelector?.(":scope > time[datetime]");
  if (!node) return;
  const before = node.title.startsWith("since") ? "since " : "";
  node.title = before + bothClocks(new Date(node.dateTime));
}

function clock(node, chosen) {
  if (node.dataset.told === node.dateTime + chosen) return;
  node.dataset.told = node.dateTime + chosen;
  put(node, exact(new Date(node.dateTime)));
}

/** Bring every <time> of the page up to date. */
export function tick() {
  if (document.hidden) return;
  const now = Date.now();
  const chosen = zone();
  for (const node of document.querySelectorAll("time[datetime]")) {
    const seconds = (now - Date.parse(node.dateTime)) / 1000;
    if ("elapsed" in node.dataset) put(node, duration(seconds));
    else if ("ago" in node.dataset) put(node, ago(seconds));
    if ("at" in node.dataset) clock(node, chosen);
  }
}

function installZone() {
  const button = document.querySelector("[data-zone-toggle]");
  if (!button) return;
  const show = () => (button.querySelector("[data-zone-name]").textContent = zone() === "utc" ? "UTC" : local());
  button.addEventListener("click", () => {
    localStorage.setItem(KEY, zone() === "utc" ? "system" : "utc");
    document.dispatchEvent(new Event("whirr:zone"));
    show();
    tick();
  });
  show();
}

export function installTimes() {
  installZone();
  for (const event of ["pointerover", "focusin"]) document.addEventListener(event, tooltip);
  tick();
  setInterval(tick, 1000);
  document.addEventListener("visibilitychange", tick);
}
