// Paper. Parts that nobody has come near are fetched before the page is printed; the browser's own command waits for
// nothing, so there the paper says what it lacks.
import { addPart, fetchAll, missing } from "./lazy.js";
import { node } from "./nodes.js";

const CHARTS_AT_MOST = 48; // as many as a board keeps drawn

/** The charts of sections that are open. A chart that is drawn for paper alone is not followed afterwards. */
export function printCharts(board) {
  const open = () => board.charts.filter((chart) => chart.card.closest("details")?.open);
  const waits = (chart) => chart.dirty || chart.wish !== chart.wishText() || chart.card.getAttribute("aria-busy") === "true";
  const left = () => (board.style ? open().filter(waits) : []);
  addPart({
    label: () => "some charts",
    isOver: () => Boolean(board.style) && left().length === 0,
    begin: () => Promise.all(left().slice(0, CHARTS_AT_MOST).map(drawn)),
  });
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

/** What stands on paper of what is not there; nothing where all is. */
export function printNote(labels, cut) {
  const said = [];
  if (labels.length) said.push(`Not on this paper, since the page had not loaded it: ${labels.join(", ")}. “Print” on the page loads everything first.`);
  if (cut) said.push("Tables are wider than the paper; their CSV has every column.");
  return said.join(" ");
}

export function mountPrinting(root, press) {
  const note = node("p", { class: "said-trouble small", hidden: true, "data-print-note": "" });
  root.prepend(note);
  const tell = () => {
    const cut = [...root.querySelectorAll(".grid-scroll")].some((box) => box.scrollWidth > box.clientWidth);
    note.textContent = printNote(missing(), cut);
    note.hidden = !note.textContent;
  };
  window.addEventListener("beforeprint", tell);
  window.addEventListener("afterprint", () => (note.hidden = true));
  press.addEventListener("click", () => print(root, press));
}

async function print(root, press) {
  const said = press.textContent;
  press.disabled = true;
  press.textContent = "Loading…";
  try {
    await fetchAll();
    await Promise.allSettled([...root.querySelectorAll("img")].map((image) => ((image.loading = "eager"), image.decode())));
  } finally {
    press.textContent = said;
    press.disabled = false;
  }
  window.print();
}
