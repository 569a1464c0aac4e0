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

function written(date, timeZone) {
  const parts = new Intl.DateTimeFormat("en-CA", { ...PARTS, hourCycle: "h23", timeZone }).formatToParts(date);
  const of = Object.fromEntries(parts.map(({ type, value }) => [type, value]));
  return `${of.year}-${of.month}-${of.day} ${of.hour}:${of.minute}:${of.second}`;
}

const local = () => Intl.DateTimeFormat().resolvedOptions().timeZone;

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

function tooltip(node) {
  if (node.dataset.told === node.dateTime + zone()) return;
  node.dataset.told = node.dateTime + zone();
  const before = node.title.startsWith("since") ? "since " : "";
  node.title = before + bothClocks(new Date(node.dateTime));
  if ("at" in node.dataset) put(node, exact(new Date(node.dateTime)));
}

/** Bring every <time> of the page up to date. */
export function tick() {
  if (document.hidden) return;
  const now = Date.now();
  for (const node of document.querySelectorAll("time[datetime]")) {
    const seconds = (now - Date.parse(node.dateTime)) / 1000;
    if ("elapsed" in node.dataset) put(node, duration(seconds));
    else if ("ago" in node.dataset) put(node, ago(seconds));
    tooltip(node);
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
  tick();
  setInterval(tick, 1000);
  document.addEventListener("visibilitychange", tick);
}
