// Cells of metrics: a number, its mark as a row's best or worst, and how far it is from the baseline.
import { get, set } from "../urlstate.js";
import { number } from "../words.js";
import { delta, extremes, valueAt } from "./delta.js";
import { button, icon, node } from "./nodes.js";
import { joined, listed } from "./state.js";

const NEXT = { "": "min", min: "max", max: "" };
const LISTS = { min: "down", max: "up", "": "flat" };
const SAID = { min: "lower is better", max: "higher is better", "": "neither is better" };
const ICONS = { min: "down", max: "up", "": "circle" };

/** The direction of a metric: what somebody decided, or the guess by its name. */
export function directionOf(row) {
  for (const [direction, name] of [["", "flat"], ["max", "up"], ["min", "down"]]) {
    if (listed(get(name)).includes(row.key)) return direction;
  }
  return row.guess;
}

export function turn(row) {
  const next = NEXT[directionOf(row)];
  const lists = Object.fromEntries(Object.values(LISTS).map((name) => [name, listed(get(name)).filter((key) => key !== row.key)]));
  lists[LISTS[next]].push(row.key);
  set(Object.fromEntries(Object.entries(lists).map(([name, keys]) => [name, joined(keys)])));
}

export const shownValue = () => (["min", "max", "best"].includes(get("shown")) ? get("shown") : "last");

export function metricCells(table) {
  const value = (row, run, direction) => valueAt(row, table.place(run), shownValue(), direction);
  let marks = { key: null };
  const marksOf = (row, direction) => {
    const runs = table.state.shown();
    const about = `${row.key}\n${direction}\n${shownValue()}`;
    if (marks.key !== about || marks.runs !== runs.length || marks.found !== table.found) {
      const found = extremes(runs.map((run) => value(row, run, direction)), direction);
      const ids = (places) => new Set([...places].map((at) => runs[at].id));
      marks = { key: about, runs: runs.length, found: table.found, best: ids(found.best), worst: ids(found.worst) };
    }
    return marks;
  };
  return {
    head(row) {
      const direction = directionOf(row);
      const turned = button(icon(ICONS[direction]), () => turn(row), {
        label: `${row.key}: ${SAID[direction]}; change`,
        className: "bare tiny",
      });
      turned.dataset.verb = "turn";
      const which = shownValue();
      const column = encodeURIComponent(`metric.${row.key}:${which}`);
      const sorted = button(icon("sort"), () => sortBy(column, direction), {
        label: `Sort the runs by ${row.key}`,
        className: "bare tiny",
      });
      sorted.dataset.verb = "sort";
      return [node("span", { class: "name" }, row.key), node("span", { class: "verbs" }, turned, sorted)];
    },
    cell(row, run, isBaseline) {
      const direction = directionOf(row);
      const here = value(row, run, direction);
      const cell = node("td", { class: "num" });
      if (here === null) return cell.append(node("span", { class: "soft" }, "–")), cell;
      const { best, worst } = marksOf(row, direction);
      cell.title = String(here);
      cell.append(node("span", { class: Number.isNaN(here) ? "nan" : "" }, number(here)));
      if (best.has(run.id)) cell.append(" ", node("span", { class: "extreme is-good" }, "best"));
      if (worst.has(run.id)) cell.append(" ", node("span", { class: "extreme" }, "worst"));
      const nan = row.nan.find(([place]) => place === table.place(run));
      if (nan) cell.append(" ", node("span", { class: "nan", title: `${nan[2]} values are NaN` }, `NaN @${nan[1]}`));
      const base = table.state.byId.get(table.state.baseline);
      if (base && !isBaseline) cell.append(deltaOf(here, value(row, base, direction), direction));
      return cell;
    },
    summary(shown, all, find) {
      if (!all) return "no metric was logged";
      return find ? `${shown} of ${all} metrics with “${find}”` : `${all} metrics`;
    },
  };
}

/** "↑ worse +0.012 (+3.1 %)": arrow, word and sign say it to those who see no colours. */
function deltaOf(value, base, direction) {
  const found = delta(value, base, direction);
  if (!found) return "";
  const sign = (text, of) => (of > 0 ? `+${text}` : text);
  const short = (value) => sign(number(Number(value.toPrecision(3))), value);
  const percent = found.percent === null ? "" : ` (${short(found.percent)} %)`;
  const arrow = found.by > 0 ? "↑" : found.by < 0 ? "↓" : "=";
  const given = { class: `delta is-${found.verdict || "plain"}`, "data-verdict": found.verdict };
  return node("span", given, [arrow, found.verdict, `${short(found.by)}${percent}`].filter(Boolean).join(" "));
}

/** Runs sorted by the server: the best first, and the other way round when asked again. */
function sortBy(column, direction) {
  const first = direction === "max" ? `-${column}` : column;
  const second = direction === "max" ? column : `-${column}`;
  const query = new URLSearchParams(location.search);
  query.set("sort", query.get("sort") === first ? second : first);
  location.search = query.toString();
}
