// An administrator puts a waiting job above or below another: by dragging its handle, or with the arrow keys on it.
import { post, report } from "../asking.js";
import { toast } from "../toast.js";

const HANDLE = "[data-place-job]";
const MARKS = { above: "drop-above", below: "drop-below" };
const NEAR_EDGE = 48; // pixels from the window's edge in which a drag scrolls
const STEP = 16;

const rowOf = (handle) => handle.closest("[data-row]");
const numberOf = (row) => row.querySelector(HANDLE).dataset.placeJob;

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

async function place(row, beside, side) {
  busy = true;
  try {
    toast(await post(row.parentElement.dataset.placing, { job: numberOf(row), [side]: numberOf(beside) }));
  } catch (error) {
    report(error, { doing: "Move" });
  } finally {
    busy = false;
  }
  document.dispatchEvent(new Event("whirr:refresh"));
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
  if (!beside) toast(`Job ${numberOf(row)} is the ${up ? "first" : "last"} of this list.`);
  else if (!busy) place(row, beside, up ? "above" : "below");
}

document.addEventListener("pointerdown", begin);
document.addEventListener("pointermove", follow);
document.addEventListener("pointerup", drop);
document.addEventListener("pointercancel", (event) => event.pointerId === drag?.pointer && giveUp());
document.addEventListener("keydown", key);
