// The compare page. What is drawn first needs no answer of the server; the rest is fetched when somebody scrolls to it.
import { set } from "../urlstate.js";
import { mountCharts } from "./charts.js";
import { mountCode, mountImportance, mountMedia } from "./fragments.js";
import { fetchJson, quietly } from "./lazy.js";
import { shownValue } from "./metric_cells.js";
import { Parallel } from "./parallel.js";
import { Patient } from "./patient.js";
import { mountPrinting, printCharts } from "./printing.js";
import { Scatter } from "./scatter.js";
import { State } from "./state.js";
import { Strip } from "./strip.js";
import { followExports, Table } from "./tables.js";

const LOOK_EVERY = 1000;

function mount(root) {
  const state = new State(JSON.parse(document.querySelector("#compare-runs").textContent));
  const moving = () => tables.filter((table) => table.found && ["metrics", "summary"].includes(table.part));
  const values = new Patient(() => Promise.all(moving().map((table) => table.load())));
  const board = mountCharts(root.querySelector("[data-charts]"), state, { onNews: () => values.news() });
  new Strip(root.querySelector("[data-strip]"), state);
  const tables = [...root.querySelectorAll("[data-part]")].map((part) => new Table(part, state));
  const offers = once(() => fetchJson(`/compare/columns.json?${state.query()}`));
  new Parallel(root.querySelector("[data-parallel]"), state, offers);
  new Scatter(root.querySelector("[data-scatter]"), state, offers);
  mountImportance(root.querySelector("[data-importance]"), state, offers);
  mountCode(root.querySelector("[data-code]"), state);
  mountMedia(root.querySelector("[data-media-beside]"), state);
  mountPrinting(root, document.querySelector("[data-print]"), printCharts(board));
  followExports(root, state);
  followTools(root, state, tables);
  followHover(root);
  followCount(state);
  setInterval(() => document.hidden || values.look(), LOOK_EVERY);
}

/** How many runs these are, in the heading and in the tab. */
function followCount(state) {
  const place = document.querySelector("[data-count]");
  const show = () => {
    const said = `${state.all.length} run${state.all.length === 1 ? "" : "s"}`;
    place.dataset.count = state.all.length;
    place.textContent = said;
    document.title = `Compare ${said} · whirr`;
  };
  for (const what of ["order", "runs"]) state.on(what, () => place.textContent.startsWith(`${state.all.length} `) || show());
}

/** One answer for everybody who asks; a failure is asked for anew. */
function once(load) {
  let answer = null;
  return () => {
    answer ??= load().catch((error) => {
      answer = null;
      throw error;
    });
    return answer;
  };
}

function followTools(root, state, tables) {
  const search = quietly((text) => tables.forEach((table) => table.part !== "metrics" && table.search(text)));
  root.querySelector("[data-find-key]").addEventListener("input", (event) => search(event.target.value));
  const metrics = tables.find((table) => table.part === "metrics");
  const searchMetrics = quietly((text) => metrics.search(text));
  root.querySelector("[data-find-metric-key]").addEventListener("input", (event) => searchMetrics(event.target.value));
  const shown = root.querySelector("[data-shown]");
  shown.value = shownValue();
  shown.addEventListener("change", () => {
    set({ shown: shown.value === "last" ? null : shown.value });
    metrics.draw();
  });
  for (const table of tables) {
    const box = table.root.querySelector("[data-everything]");
    if (!box) continue;
    box.checked = table.everything;
    box.disabled = state.all.length < 2;
    box.addEventListener("change", () => table.setEverything(box.checked));
  }
}

/** A run that is pointed at anywhere stands out everywhere. */
function followHover(root) {
  let marked = [];
  document.addEventListener("whirr:hover", ({ detail: { run } }) => {
    marked.forEach((each) => each.classList.remove("is-hover"));
    marked = run ? [...root.querySelectorAll(`[data-run="${CSS.escape(run)}"]`)] : [];
    marked.forEach((each) => each.classList.add("is-hover"));
    root.classList.toggle("has-hover", Boolean(run));
  });
  let last = null;
  root.addEventListener("mouseover", (event) => {
    const run = event.target.closest?.(".grid [data-run], .chip[data-run]")?.dataset.run ?? null;
    const inside = event.target.closest?.(".grid, [data-strip]");
    if (run === last || (!inside && last === null)) return;
    last = run;
    document.dispatchEvent(new CustomEvent("whirr:hover", { detail: { run, from: "table" } }));
  });
}

const root = document.querySelector("[data-compare]");
if (root) mount(root);
