// The columns that the table shows, as `cols` in the URL says them: `!name,state,metric.loss:min`.
import { set } from "../urlstate.js";
import { format, getList } from "./lists.js";

const METRIC = /^(metric\.[^]*?)(?::(last|min|max|best))?$/;
export const WHICH = ["last", "min", "max", "best"];

/** {key, pinned} of each column, in order: what the URL says, or else what the server chose. */
export function shown() {
  const said = getList("cols");
  const all = said.length ? said : headers().map((th) => (th.hasAttribute("data-pinned") ? "!" : "") + th.dataset.column);
  return all.map((each) => ({ key: each.replace(/^!/, ""), pinned: each.startsWith("!") }));
}

export function headers() {
  return [...document.querySelectorAll("[data-runs-table] thead [data-column]")];
}

/** Pinned ones stand first: that is where they are shown. `also`: what else changes with them; Back undoes all of it. */
export function put(columns, also = {}) {
  const sorted = [...columns.filter(({ pinned }) => pinned), ...columns.filter(({ pinned }) => !pinned)];
  set({ cols: format(sorted.map(({ key, pinned }) => (pinned ? "!" : "") + key)), ...also }, { push: true });
}

/** Without the value of a metric that is meant: `metric.loss`. */
export const base = (key) => METRIC.exec(key)?.[1] ?? key;

export const which = (key) => (METRIC.test(key) ? METRIC.exec(key)[2] ?? "last" : "");

export const withWhich = (key, value) => (value === "last" ? base(key) : `${base(key)}:${value}`);

export const same = (one, other) => base(one) === base(other) && which(one) === which(other);
