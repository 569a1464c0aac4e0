// Fetching series for many charts: what is asked for in one moment goes into as few calls as the server's limits allow.
import { decode } from "../series.js";
import { Curve, groupCurve } from "./curve.js";

const SOON = 20; // ms in which charts that become visible together are gathered
const SERIES_AT_ONCE = 600; // in one call, so that the first chart is there soon; the server reads at most 2000
const KEYS_AT_ONCE = 12;
const CALLS_AT_ONCE = 2;
const LARGE = 200; // series, from which on a call is made alone: two would only make each other late
const LONGEST_URL = 1900;
const TOO_MUCH = /more than|at most/; // what a refusal says then

export const token = () => {
  try {
    return JSON.parse(document.body.getAttribute("hx-headers") ?? "{}")["X-CSRFToken"] ?? "";
  } catch {
    return "";
  }
};

/** Post an object; answers the response. Throws with what the server said was wrong. */
export async function post(address, body) {
  const headers = { "Content-Type": "application/json", "X-CSRFToken": token() };
  return checked(await fetch(address, { method: "POST", headers, body: JSON.stringify(body) }));
}

async function checked(answer) {
  if (answer.ok) return answer;
  const told = await answer.json().catch(() => ({}));
  throw Object.assign(new Error(told.detail ?? `the server answered ${answer.status}`), { status: answer.status });
}

/** One call for series: short ones can be kept by the browser, which then asks only whether they changed. */
async function call({ runs, keys, ...rest }) {
  const asked = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== null && value !== undefined));
  if (!keys.some((key) => key.includes(",") || key !== key.trim())) {
    const query = new URLSearchParams({ runs: runs.join(","), keys: keys.join(","), ...asked, format: "binary" });
    const address = `/api/v1/series?${query}`;
    if (address.length < LONGEST_URL) return checked(await fetch(address));
  }
  return post("/api/v1/series", { runs, keys, ...asked, format: "binary" });
}

/** How many series a metric has at most: each writer of a run has its own. */
const ofEachKey = (runs, keys, series) => Math.max(1, ...keys.map((key) => series[key] ?? runs.length));

/** Runs by the attempt that is asked for, as many together as a call may have series; 0, before the first, is the newest. */
function parcels(runs, keys, series) {
  const byAttempt = Map.groupBy(runs, (each) => each.attempt || null);
  const each = Math.max(1, ofEachKey(runs, keys, series) / runs.length);
  const most = Math.max(1, Math.min(500, Math.floor(SERIES_AT_ONCE / (each * keys.length))));
  return [...byAttempt].flatMap(([attempt, some]) => {
    const parts = [];
    for (let at = 0; at < some.length; at += most) parts.push({ attempt, runs: some.slice(at, at + most).map(({ run }) => run) });
    return parts;
  });
}

export class Source {
  constructor() {
    this.waiting = [];
    this.running = 0;
    this.line = [];
  }

  /** Curves of one metric: `wish` is {runs, key, series, x, from, to, width}. */
  curves(wish) {
    return new Promise((found, failed) => {
      this.waiting.push({ wish, found, failed });
      this.timer ??= setTimeout(() => this.send(), SOON);
    });
  }

  send() {
    this.timer = undefined;
    const alike = ({ wish }) => JSON.stringify([wish.x, wish.from, wish.to, wish.width, wish.attempts, wish.runs.map(({ run, attempt }) => [run, attempt])]);
    for (const some of Map.groupBy(this.waiting, alike).values()) {
      const { runs, series } = some[0].wish;
      const most = Math.max(1, Math.min(KEYS_AT_ONCE, Math.floor(SERIES_AT_ONCE / ofEachKey(runs, some.map(({ wish }) => wish.key), series))));
      for (let at = 0; at < some.length; at += most) this.together(some.slice(at, at + most));
    }
    this.waiting = [];
  }

  async together(some) {
    const { runs, series, x, from, to, width } = some[0].wish;
    const keys = [...new Set(some.map(({ wish }) => wish.key))];
    const calls = parcels(runs, keys, series).map((parcel) => {
      const size = parcel.runs.length * keys.length > LARGE ? CALLS_AT_ONCE : 1;
      const neighbours = from === null && to === null ? null : true; // a line crosses the edges of what is looked at
      return this.inLine(() => this.parted({ ...parcel, keys, x, from, to, width, neighbours }), size);
    });
    try {
      const answers = (await Promise.all(calls)).flat();
      const byKey = Map.groupBy(answers, (each) => each.key);
      for (const { wish, found } of some) found((byKey.get(wish.key) ?? []).map((each) => new Curve(each, x)));
    } catch (error) {
      for (const { failed } of some) failed(error);
    }
  }

  /** A call that the server finds too large is made in halves. */
  async parted(asked) {
    try {
      return decode(await (await call(asked)).arrayBuffer()).series;
    } catch (error) {
      const { runs, keys } = asked;
      if (!TOO_MUCH.test(error.message) || runs.length * keys.length < 2) throw error;
      const halved = (list, name) => {
        const half = Math.ceil(list.length / 2);
        return [list.slice(0, half), list.slice(half)].map((part) => this.parted({ ...asked, [name]: part }));
      };
      return (await Promise.all(runs.length > 1 ? halved(runs, "runs") : halved(keys, "keys"))).flat();
    }
  }

  /** Few calls at a time, in the order in which they were wanted: a server has other visitors. */
  async inLine(make, size = 1) {
    if (this.running + size > CALLS_AT_ONCE || this.line.length) await new Promise((go) => this.line.push({ go, size }));
    else this.running += size;
    try {
      return await make();
    } finally {
      this.running -= size;
      while (this.line.length && this.running + this.line[0].size <= CALLS_AT_ONCE) {
        const next = this.line.shift();
        this.running += next.size;
        next.go();
      }
    }
  }

  /** Curves of groups of runs, computed by the server over all of their members. */
  async groups({ groups, keys, x, from, to, width, agg, band }) {
    const body = { groups, keys, x, from, to, width, agg, band };
    const { series } = decode(await (await this.inLine(() => post("/charts/groups", body))).arrayBuffer());
    return series.map((each) => groupCurve(each, x));
  }
}
