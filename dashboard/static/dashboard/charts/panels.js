// Charts that somebody put together of several metrics, as the address has them: `panels=1~key=train/loss~key=val/loss,…`
import { finder } from "./finding.js";

export const PANELS_AT_MOST = 24;
export const METRICS_AT_MOST = 12; // in one chart
const LONGEST = 300; // characters of a title or a metric
const NUMBER = /^[1-9]\d{0,5}$/;

// As little as can be: an address escapes these once more.
const escaped = (text) => text.replace(/[%,~]/g, (each) => `%${each.charCodeAt(0).toString(16).toUpperCase()}`);

/** One chart as it was written; null where it cannot be meant. */
function panelOf(text) {
  const [number, ...rest] = text.split("~");
  const panel = { number: Number(number), name: `panel:${number}`, title: "", wide: false, keys: [], patterns: [] };
  const takes = {
    title: (value) => (panel.title = value),
    size: (value) => (panel.wide = value === "wide"),
    key: (value) => panel.keys.push(value),
    match: (value) => panel.patterns.push(value),
  };
  for (const each of rest) {
    const at = each.indexOf("=");
    const value = decodeURIComponent(each.slice(at + 1));
    const take = at > 0 && Object.hasOwn(takes, each.slice(0, at)) ? takes[each.slice(0, at)] : null;
    if (!take || !value || value.length > LONGEST) return null;
    take(value);
  }
  const size = panel.keys.length + panel.patterns.length;
  return NUMBER.test(number) && size && size <= METRICS_AT_MOST ? panel : null;
}

/** {panels, passed}: the charts that an address has, and how many of it are none or too many. */
export function readPanels(text) {
  const found = new Map();
  const parts = text.split(",").filter(Boolean);
  for (const part of parts) {
    let panel = null;
    try {
      panel = panelOf(part);
    } catch {
      // half of an escape
    }
    if (panel && found.size < PANELS_AT_MOST && !found.has(panel.name)) found.set(panel.name, panel);
  }
  return { panels: [...found.values()], passed: parts.length - found.size };
}

export function panelsText(panels) {
  const written = ({ number, title, wide, keys, patterns }) => {
    const told = [title && ["title", title], wide && ["size", "wide"], ...keys.map((key) => ["key", key]), ...patterns.map((pattern) => ["match", pattern])];
    return [number, ...told.filter(Boolean).map(([name, value]) => `${name}=${escaped(value)}`)].join("~");
  };
  return panels.map(written).join(",");
}

/** A chart as a board draws it: which of these metrics it has now, and how many more it would have. */
export function shownPanel(panel, known) {
  const there = new Set(known);
  const tests = panel.patterns.map((pattern) => finder(pattern).test);
  const matched = known.filter((key) => tests.some((test) => test(key)));
  const keys = [...new Set([...panel.keys.filter((key) => there.has(key)), ...matched])];
  return { ...panel, title: titleOf(panel), keys: keys.slice(0, METRICS_AT_MOST), more: Math.max(0, keys.length - METRICS_AT_MOST), panel };
}

export function titleOf({ title, keys, patterns }) {
  const all = [...keys, ...patterns];
  return title || all.slice(0, 3).join(" · ") + (all.length > 3 ? ` +${all.length - 3}` : "");
}

/** A number that no other chart has, nor had in this address. */
export const nextNumber = (panels) => 1 + panels.reduce((most, { number }) => Math.max(most, number), 0);
