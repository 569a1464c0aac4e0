// Paper. Parts that nobody has come near are fetched before the page is printed; the browser's own command waits for
// nothing. What is not there is named on the paper.
import { tell } from "../runs/ask.js";
import { addPart, fetchAll, missing, ROUNDS } from "./lazy.js";
import { node } from "./nodes.js";

const CHARTS_OF_A_ROUND = 48; // as many as a board keeps drawn
const CHARTS_AT_MOST = ROUNDS * CHARTS_OF_A_ROUND;
const SOME_CHARTS = "some charts";

/** The charts of sections that are open. A chart that is drawn for paper alone is not followed afterwards. */
export function printCharts(board) {
  const open = () => board.charts.filter((chart) => chart.card.closest("details")?.open);
  const waits = (chart) => chart.dirty || chart.wish !== chart.wishText() || chart.card.getAttribute("aria-busy") === "true";
  const left = () => (board.style ? open().filter(waits) : []);
  const charts = {
    beyond: 0, // what the last round had no place for
    closed: () => [...board.root.querySelectorAll("details[data-section]:not([open])")].map((each) => each.dataset.section || "metrics"),
  };
  addPart({
    label: () => SOME_CHARTS,
    isOver: () => Boolean(board.style) && left().length === 0,
    begin: () => {
      const all = left();
      charts.beyond = Math.max(0, all.length - CHARTS_OF_A_ROUND);
      return Promise.all(all.slice(0, CHARTS_OF_A_ROUND).map(drawn));
    },
  });
  return charts;
}

async function drawn(chart) {
  const { visible } = chart;
  chart.visible = true;
  try {
    await chart.load();
  } finally {
    chart.visible = visible;
  }
}

/**
 * What stands on paper of what is not there; nothing where all is. `labels` of parts that were not fetched, `closed`
 * sections of charts, `beyond`: charts that were too many; `isAsked`: the page's own button has fetched what it could.
 */
export function printNote({ labels = [], cut = false, closed = [], beyond = 0, isAsked = false }) {
  const said = [];
  const lost = labels.filter((label) => !(isAsked && beyond && label === SOME_CHARTS));
  const most = labels.includes(SOME_CHARTS) ? `, at most ${CHARTS_AT_MOST} charts` : "";
  if (lost.length && isAsked) said.push(`Not on this paper, since it could not be loaded: ${lost.join(", ")}.`);
  else if (lost.length) {
    said.push(`Not on this paper, since the page had not loaded it: ${lost.join(", ")}. “Print” on the page loads it first${most}.`);
  }
  if (isAsked && beyond) {
    const them = beyond === 1 ? "1 chart beyond them is" : `${beyond} charts beyond them are`;
    said.push(`“Print” loads ${CHARTS_AT_MOST} charts; ${them} not on this paper: close sections that you do not need.`);
  }
  if (closed.length) said.push(`Closed, so their charts are not on this paper: ${closed.join(", ")}.`);
  if (cut) said.push("Tables are wider than the paper; their CSV has every column.");
  return said.join(" ");
}

export function mountPrinting(root, press, charts = { beyond: 0, closed: () => [] }) {
  const note = node("p", { class: "said-trouble small", hidden: true, "data-print-note": "" });
  root.prepend(note);
  let isAsked = false;
  const write = () => {
    const cut = [...root.querySelectorAll(".grid-scroll")].some((box) => box.scrollWidth > box.clientWidth);
    note.textContent = printNote({ labels: missing(), cut, closed: charts.closed(), beyond: charts.beyond, isAsked });
    note.hidden = !note.textContent;
  };
  window.addEventListener("beforeprint", write);
  window.addEventListener("afterprint", () => {
    note.hidden = true;
    isAsked = false;
  });
  press.addEventListener("click", async () => {
    if (press.getAttribute("aria-disabled") === "true") return;
    charts.beyond = 0;
    await loaded(root, press);
    isAsked = true;
    window.print();
  });
}

/** The button keeps the focus meanwhile. */
async function loaded(root, press) {
  const said = press.textContent;
  press.setAttribute("aria-disabled", "true");
  press.textContent = "Loading…";
  tell("Loading…");
  try {
    await fetchAll();
    await Promise.allSettled([...root.querySelectorAll("img")].map((image) => ((image.loading = "eager"), image.decode())));
  } finally {
    press.textContent = said;
    press.removeAttribute("aria-disabled");
    tell("");
  }
}
