// Parts of a page that are fetched anew: how old they are where that failed, and whose focus they had where it did not.
import { duration } from "./words.js";

const brought = new WeakMap(); // part → when it was last known to be true

/** The part is as the server has it now. */
export function fresh(part) {
  brought.set(part, Date.now());
  markOf(part)?.remove();
  for (const time of part.querySelectorAll("time[data-stopped]")) {
    delete time.dataset.stopped;
    time.dataset.elapsed = "";
  }
}

/** The part could not be brought up to date: say how old it is. `since` in ms since the epoch, where it is known. */
export function stale(part, since = brought.get(part) ?? performance.timeOrigin) {
  if (markOf(part)) return;
  stopClocks(part, since);
  const mark = document.createElement("p");
  const time = document.createElement("time");
  mark.className = "stale";
  mark.dataset.stale = "";
  time.dateTime = new Date(since).toISOString();
  time.dataset.ago = "";
  mark.append("as of ", time);
  part.prepend(mark);
}

/** Nobody knows whether it still runs: how long it did is told as of then, too. */
function stopClocks(part, since) {
  for (const time of part.querySelectorAll("time[data-elapsed]")) {
    delete time.dataset.elapsed;
    time.dataset.stopped = "";
    time.textContent = duration((since - Date.parse(time.dateTime)) / 1000);
  }
}

const markOf = (part) => part.querySelector(":scope > [data-stale]");

const SEARCHES = "input[data-config-find], input[data-find-in]"; // what they look for, only the page knows

const opening = (node) => node.cloneNode(false).outerHTML;

/** What a fold is called: its heading without the counts in it, below those around it. */
function titleOf(fold) {
  const own = [...(fold.querySelector("summary")?.childNodes ?? [])].filter((node) => !node.classList?.contains("soft"));
  const around = fold.parentElement.closest("details");
  return `${around ? titleOf(around) : ""}/${own.map((node) => node.textContent.trim()).join("")}`;
}

/** Folds as they were, and words that somebody looks for. */
function keepLooks(part) {
  const folds = new Map();
  for (const fold of part.querySelectorAll("details")) {
    const title = titleOf(fold);
    folds.set(title, folds.has(title) ? undefined : fold.open); // two of one name: nobody knows which is which
  }
  const words = new Map([...part.querySelectorAll(SEARCHES)].filter((each) => each.value).map((each) => [each.ariaLabel, each.value]));
  if (!folds.size && !words.size) return;
  const around = part.parentElement;
  const swapped = () => {
    const now = part.isConnected ? part : around;
    for (const fold of now.querySelectorAll("details")) fold.open = folds.get(titleOf(fold)) ?? fold.open;
    for (const field of now.querySelectorAll(SEARCHES)) {
      if (!words.has(field.ariaLabel) || field.value) continue;
      field.value = words.get(field.ariaLabel);
      field.dispatchEvent(new Event("input", { bubbles: true }));
    }
  };
  document.body.addEventListener("htmx:afterSwap", swapped, { once: true });
}

/** The row of that id, or where it has gone another one of that run: a job may stand twice, and leave one place. */
function rowAgain(part, row) {
  const { id } = row;
  const { run } = row.dataset;
  const rows = [...part.querySelectorAll("[data-row]")];
  return rows.find((each) => id && each.id === id) ?? rows.find((each) => run && each.dataset.run === run);
}

/** The element that looks as the focused one did, in its row before anywhere else, or the one it names to come after it. */
function elementAgain(part, { tag, looks, row, after }) {
  const alike = (place) => [...(place?.querySelectorAll(tag) ?? [])].find((each) => opening(each) === looks);
  return (row && alike(rowAgain(part, row))) ?? alike(part) ?? (after ? document.getElementById(after) : null);
}

/** Give focus and the current row back after the part's content was replaced. */
export function keepPlace(part) {
  keepLooks(part);
  const active = document.activeElement;
  const focused =
    part.contains(active) && active !== part
      ? { tag: active.localName, looks: opening(active), row: active.closest("[data-row]"), after: active.dataset.after }
      : null;
  const row = part.querySelector("[data-row].current");
  if (!focused && !row) return;
  const restore = () => {
    if (row) rowAgain(part, row)?.classList.add("current");
    if (focused && document.activeElement === document.body) elementAgain(part, focused)?.focus({ preventScroll: true });
  };
  part.addEventListener("htmx:afterSwap", restore, { once: true });
}
