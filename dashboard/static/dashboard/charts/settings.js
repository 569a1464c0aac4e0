// How charts are drawn, as the address says it: for the whole board, and for single charts that differ from it.
import * as url from "../urlstate.js";
import { panelsText, readPanels } from "./panels.js";
import { parse } from "./smoothing.js";

export const SCALES = ["linear", "log", "symlog"];
export const MEANS = ["mean", "median", "min", "max"];
export const BANDS = ["minmax", "std", "sem", "ci", "off"];
const COLUMNS = 8; // dashboard/charting/columns.py
const STORE = "whirr-charts"; // what is remembered beyond an address
export const NAMES = ["x", "y", "smooth", "outliers", "agg", "band", "colour", "dash", "facet", "zoom", "find", "top", "each", "panels"];
const OWN = ["x", "y", "smooth", "outliers", "zoom", "range"]; // what a chart may have for itself

const list = (text) => text.split(",").filter(Boolean).map(unescaped);

function unescaped(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export const joined = (things) => things.map(encodeURIComponent).join(",");

/** Whether two numbers are a range: in order, and so far apart that a number says it. */
export const isRange = (from, to) => from < to && Number.isFinite(from) && Number.isFinite(to) && Number.isFinite(to - from);

/** Read "a:b" as two numbers in order; null where it is none. */
export function rangeOf(text) {
  const [from, to, more] = text.split(":").map((part) => (part.trim() ? Number(part) : NaN));
  return more === undefined && isRange(from, to) ? [from, to] : null;
}

export const rangeText = (range) => (range ? range.map((each) => Number(each.toPrecision(12))).join(":") : "");

const oneOf = (choices, text) => (choices.includes(text) ? text : choices[0]);
const isAxis = (text) => ["step", "relative", "time"].includes(text) || (text.startsWith("metric:") && text.length > 7 && text.length < 290);

/** What the parameters of one chart or of the board mean; what cannot be meant is passed over. */
function meant(told) {
  const found = {};
  if (told.x && isAxis(told.x)) found.x = told.x;
  if (SCALES.includes(told.y)) found.y = told.y;
  if (told.smooth) found.smooth = parse(told.smooth);
  if (told.outliers) found.clip = told.outliers === "clip";
  if (told.zoom) found.zoom = rangeOf(told.zoom);
  if (told.range) found.fixed = rangeOf(told.range);
  return found;
}

/** `each=train%2Floss~y=log~zoom=5:9,…`: what single charts have for themselves. */
function ownOf(text) {
  const found = new Map();
  for (const part of text.split(",").filter(Boolean)) {
    const [key, ...rest] = part.split("~").map(unescaped);
    const told = Object.fromEntries(rest.map((each) => [each.slice(0, each.indexOf("=")), each.slice(each.indexOf("=") + 1)]));
    found.set(key, Object.fromEntries(Object.entries(told).filter(([name]) => OWN.includes(name))));
  }
  return found;
}

// "~" parts a chart's settings, so it is escaped too, unlike encodeURIComponent has it.
const escaped = (text) => encodeURIComponent(text).replaceAll("~", "%7E");

function ownText(own) {
  const parts = [...own].filter(([, told]) => Object.keys(told).length);
  return parts.map(([key, told]) => [key, ...Object.entries(told).map(([name, value]) => `${name}=${value}`)].map(escaped).join("~")).join(",");
}

function remembered() {
  try {
    return JSON.parse(localStorage.getItem(STORE) ?? "{}") ?? {};
  } catch {
    return {};
  }
}

/** Keep something for this person's next visit: {outliers, size, highlight, together, folds}. */
export function remember(changes) {
  try {
    localStorage.setItem(STORE, JSON.stringify({ ...remembered(), ...changes }));
  } catch {
    // it holds for this page
  }
}

export class Settings {
  constructor() {
    this.kept = remembered();
    this.read();
  }

  read() {
    const told = Object.fromEntries(NAMES.map((name) => [name, url.get(name)]));
    const plain = { x: "step", y: "linear", smooth: null, clip: this.kept.outliers === "clip", zoom: null, fixed: null };
    this.board = { ...plain, ...meant({ ...told, range: "" }) };
    this.own = ownOf(told.each);
    Object.assign(this, {
      agg: oneOf(MEANS, told.agg),
      band: BANDS.includes(told.band) ? told.band : "",
      colour: told.colour || "run",
      dash: told.dash,
      facet: list(told.facet),
      find: told.find,
      top: list(told.top),
      ...readPanels(told.panels),
      highlight: this.kept.highlight ?? "all",
      together: this.kept.together ?? true, // a zoom is one of all charts with the same x
    });
  }

  /** Of one chart: what it has for itself, else what the board has. A zoom along another x means nothing. */
  of(key) {
    const mine = meant(this.own.get(key) ?? {});
    const zoom = mine.zoom ?? ((mine.x ?? this.board.x) === this.board.x ? this.board.zoom : null);
    return { ...this.board, ...mine, zoom };
  }

  /** Change parameters of the board: {y: "log", zoom: null}. */
  set(changes, options) {
    url.set(changes, options);
    this.read();
  }

  /** Change what a chart has for itself; "" gives it the board's again. `board` changes in the same step. */
  setOwn(key, changes, { board = {}, push = false } = {}) {
    const own = new Map(this.own);
    const told = { ...own.get(key), ...changes };
    for (const [name, value] of Object.entries(told)) if (!value) delete told[name];
    own.set(key, told);
    this.set({ ...board, each: ownText(own) }, { push });
  }

  /** The charts that were put together, others from now on; what one that is gone had for itself goes too. */
  setPanels(panels) {
    const names = new Set(panels.map(({ name }) => name));
    const gone = this.panels.filter(({ name }) => !names.has(name));
    const own = new Map(this.own);
    for (const { name } of gone) own.delete(name);
    this.set({ panels: panelsText(panels), each: ownText(own) }, { push: true });
  }

  /** Sections that this person folded or opened: [[name, open], …]. */
  folds() {
    const { folds } = this.kept;
    return Array.isArray(folds) ? folds.filter((each) => Array.isArray(each) && typeof each[0] === "string" && typeof each[1] === "boolean") : [];
  }

  keep(changes) {
    remember(changes);
    this.kept = { ...this.kept, ...changes };
    this.read();
  }

  /** The columns whose values are needed of every run, as many as the server reads at once. */
  columns() {
    return this.chosen().slice(0, COLUMNS);
  }

  columnsLeft() {
    return this.chosen().slice(COLUMNS);
  }

  chosen() {
    const chosen = [this.colour, this.dash, ...this.facet];
    return [...new Set(chosen.filter((each) => each && !["run", "group"].includes(each)))];
  }
}
