// Which runs the page compares, in which order they stand, and which of them are shown. The URL keeps all but the last.
import { colourOf } from "../charts/colours.js";
import { post } from "../asking.js";
import { get, onChange, set } from "../urlstate.js";

const OF_RUNS = ["runs", "sel", "q", "sort"];
const OF_METRICS = ["up", "down", "flat"];
const LONGEST_URL = 6000; // characters of ids; more become a stored selection

/** The elements of a comma list in the URL; each is encoded, so that it may hold a comma. */
export function listed(text) {
  return text.split(",").filter(Boolean).map(decoded);
}

function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export const joined = (items) => items.map(encodeURIComponent).join(",");

export class State extends EventTarget {
  constructor(runs) {
    super();
    this.adopt(runs);
    this.known = new Map([[this.address(), this.all]]); // which runs the addresses of this page have meant
    this.reasons = new Map(); // who hides runs: brush, lasso → Set of those that stay
    onChange((names) => this.changed(names));
  }

  address() {
    return JSON.stringify(["runs", "sel", "q"].map((name) => get(name)));
  }

  adopt(runs) {
    this.all = runs.map((run) => ({ ...run, colour: colourOf(run.id, run.colour) }));
    this.byId = new Map(this.all.map((run) => [run.id, run]));
  }

  /** A run has begun anew, as its socket tells: so in every list of runs that this page may go back to. */
  began(id, attempt) {
    for (const runs of [this.all, ...this.known.values()]) {
      for (const run of runs) if (run.id === id) run.attempt = attempt;
    }
  }

  get baseline() {
    return this.byId.has(get("baseline")) ? get("baseline") : "";
  }

  get pins() {
    return listed(get("pins")).filter((id) => this.byId.has(id) && id !== this.baseline);
  }

  /** All runs: the baseline first, then what is pinned, then the rest as the URL has them. */
  ordered() {
    const first = [this.baseline, ...this.pins].filter(Boolean);
    const ahead = new Set(first);
    return [...first.map((id) => this.byId.get(id)), ...this.all.filter((run) => !ahead.has(run.id))];
  }

  isKept(id) {
    return [...this.reasons.values()].every((ids) => ids.has(id));
  }

  /** Those that neither a brush nor a lasso leaves out; the baseline stays to be compared with. */
  shown() {
    return this.ordered().filter((run) => run.id === this.baseline || this.isKept(run.id));
  }

  get isNarrowed() {
    return this.reasons.size > 0;
  }

  /** `ids`: those that stay; null: nobody is left out for this reason any more. */
  keep(reason, ids) {
    if (ids === null && !this.reasons.has(reason)) return;
    if (ids === null) this.reasons.delete(reason);
    else this.reasons.set(reason, new Set(ids));
    this.tell("kept");
  }

  setBaseline(id) {
    set({ baseline: id === this.baseline ? null : id });
  }

  togglePin(id) {
    const pins = listed(get("pins"));
    set({ pins: joined(pins.includes(id) ? pins.filter((each) => each !== id) : [...pins, id]) });
  }

  async remove(id) {
    this.adopt(this.all.filter((run) => run.id !== id));
    await this.write();
    this.tell("runs"); // now the address says so too, and parts can ask the server for these runs
  }

  /** Put a run before another one (or at the end). */
  move(id, before) {
    if (id === before) return Promise.resolve();
    const rest = this.all.filter((run) => run.id !== id);
    const at = rest.findIndex((run) => run.id === before);
    rest.splice(at < 0 ? rest.length : at, 0, this.byId.get(id));
    this.adopt(rest);
    return this.write();
  }

  /** The runs by name in the URL, or, where that gets too long, as a stored selection. */
  async write() {
    const runs = joined(this.all.map((run) => run.id));
    this.tell("order");
    const { all } = this;
    const key = runs.length > LONGEST_URL ? JSON.parse(await post("/selections", { runs })).key : null;
    if (all !== this.all) return; // another run was left out meanwhile
    set({ runs: key ? null : runs, sel: key, q: null, sort: null });
    this.known.set(this.address(), all);
  }

  /** The address of a page that compares these runs alone. */
  async addressOf(ids) {
    const query = new URLSearchParams(location.search);
    for (const name of [...OF_RUNS, "brush"]) query.delete(name);
    const runs = joined(ids);
    if (runs.length <= LONGEST_URL) query.set("runs", runs);
    else query.set("sel", JSON.parse(await post("/selections", { runs })).key);
    return `${location.pathname}?${query}`;
  }

  /** What tells the server which runs are meant, and more that a part wants to know. */
  query(more = {}) {
    const query = new URLSearchParams();
    for (const name of [...OF_RUNS, ...OF_METRICS]) if (get(name)) query.set(name, get(name));
    for (const [name, value] of Object.entries(more)) if (value !== "" && value !== null) query.set(name, value);
    return query.toString();
  }

  changed(names) {
    const touched = (...these) => names === null || these.some((name) => names.has(name));
    if (names === null) this.back();
    if (touched("baseline", "pins")) this.tell("order");
    if (touched(...OF_METRICS)) this.tell("directions");
  }

  /** The browser went to another address of this page, which may mean other runs. */
  back() {
    const there = this.known.get(this.address());
    if (!there) return location.reload();
    if (there === this.all) return undefined;
    this.adopt(there);
    this.known.set(this.address(), this.all);
    this.tell("order");
    return this.tell("runs");
  }

  tell(what) {
    this.dispatchEvent(new CustomEvent(what));
  }

  on(what, heard) {
    this.addEventListener(what, heard);
  }
}
