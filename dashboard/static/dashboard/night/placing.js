// An administrator puts a waiting job above or below another: by dragging its handle, or with the arrow keys on it.
import { post, report } from "../asking.js";
import { forget } from "../live.js";
import { toast } from "../toast.js";

const HANDLE = "[data-place-job]";
const MARKS = { above: "drop-above", below: "drop-below" };
const NEAR_EDGE = 48; // pixels from the window's edge in which a drag scrolls
const STEP = 16;

const rowOf = (handle) => handle.closest("[data-row]");
const numberOf = (row) => row.querySelector(HANDLE).dataset.placeJob;

const steps = new Map(); // row that was moved by keys → the side of its neighbour to send it to: only where it stands last

let drag = null;
let busy = false; // one at a time: the next place depends on what becomes of this one

/** The row that a pointer at this height is over, and on which side of it the job would go; null at its own place. */
function spotAt(row, y) {
  const rows = [...row.parentElement.children];
  const over = rows.find((each) => y < each.getBoundingClientRect().bottom) ?? rows.at(-1);
  const box = over.getBoundingClientRect();
  const side = y < box.top + box.height / 2 ? "above" : "below";
  const next = side === "above" ? over.previousElementSibling : over.nextElementSibling;
  return over === row || next === row ? null : { over, side };
}

function mark(spot) {
  drag.spot?.over.classList.remove(MARKS.above, MARKS.below);
  drag.spot = spot;
  spot?.over.classList.add(MARKS[spot.side]);
}

function begin(event) {
  const handle = event.target.closest?.(HANDLE);
  if (!handle || event.button !== 0 || busy || drag) return;
  const row = rowOf(handle);
  drag = { row, pointer: event.pointerId, spot: null };
  handle.setPointerCapture?.(event.pointerId);
}

function follow(event) {
  if (event.pointerId !== drag?.pointer) return;
  if (!drag.row.isConnected) return giveUp();
  drag.row.dataset.editing = ""; // the list is not swapped under the pointer
  drag.row.classList.add("dragged");
  if (event.clientY < NEAR_EDGE) window.scrollBy(0, -STEP);
  if (event.clientY > window.innerHeight - NEAR_EDGE) window.scrollBy(0, STEP);
  mark(spotAt(drag.row, event.clientY));
}

/** The drag is over, whatever comes of it: the row, and where it was to go. */
function end() {
  const { row, spot } = drag;
  mark(null);
  drag = null;
  row.classList.remove("dragged");
  delete row.dataset.editing;
  return { row, spot };
}

function giveUp() {
  end();
  document.dispatchEvent(new Event("whirr:refresh")); // what was put off
}

function drop(event) {
  if (event.pointerId !== drag?.pointer) return;
  if (!drag.spot) return giveUp();
  const { row, spot } = end();
  place(row, spot.over, spot.side);
}

const send = async (row, beside, side) =>
  toast(await post(row.parentElement.dataset.placing, { job: numberOf(row), [side]: numberOf(beside) }));

/** Nobody else's list comes in between: what was put off meanwhile is asked for at the end. */
async function alone(list, deed) {
  busy = true;
  try {
    await deed();
  } catch (error) {
    report(error, { doing: "Move" });
  }
  busy = false;
  if (steps.size) return alone(list, sendSteps); // keys that were pressed while a drop was on its way
  const part = list.closest("[data-live]");
  if (part) forget(part); // what was refused is shown as it is, even if that is the answer of before
  document.dispatchEvent(new Event("whirr:refresh"));
}

const place = (row, beside, side) => alone(row.parentElement, () => send(row, beside, side));

/** The rows show at once where they go, so that every press counts; the server hears where they stand in the end. */
function step(row, beside, up) {
  row.dataset.editing = "";
  if (up) row.after(beside); // the neighbour moves: who is moved in the page loses the focus
  else row.before(beside);
  const [mine, theirs] = [row, beside].map((each) => each.querySelector(".place"));
  if (mine && theirs) [mine.textContent, theirs.textContent] = [theirs.textContent, mine.textContent];
  row.scrollIntoView({ block: "nearest" });
  steps.delete(row);
  steps.set(row, up ? "above" : "below");
  if (!busy) alone(row.parentElement, sendSteps);
}

/** Its neighbour on that side, or where another step has left it none, on the other. */
function besides(row, side) {
  const [before, after] = [row.previousElementSibling, row.nextElementSibling];
  return !before || (side === "above" && after) ? [after, "above"] : [before, "below"];
}

async function sendSteps() {
  const moved = new Set();
  try {
    while (steps.size) {
      const [[row, side]] = steps;
      steps.delete(row);
      moved.add(row);
      await send(row, ...besides(row, side));
    }
  } finally {
    for (const row of [...moved, ...steps.keys()]) delete row.dataset.editing;
    steps.clear();
  }
}

function key(event) {
  if (drag && event.key === "Escape") {
    event.preventDefault();
    return giveUp();
  }
  const handle = event.target.closest?.(HANDLE);
  const up = event.key === "ArrowUp";
  if (!handle || drag || event.ctrlKey || event.metaKey || !(up || event.key === "ArrowDown")) return;
  event.preventDefault();
  const row = rowOf(handle);
  const beside = up ? row.previousElementSibling : row.nextElementSibling;
  if (beside) step(row, beside, up);
  else toast(`Job ${numberOf(row)} is the ${up ? "first" : "last"} of this list.`);
}

document.addEventListener("pointerdown", begin);
document.addEventListener("pointermove", follow);
document.addEventListener("pointerup", drop);
document.addEventListener("pointercancel", (event) => event.pointerId === drag?.pointer && giveUp());
document.addEventListener("keydown", key);
