// Parts of a page that are fetched anew: how old they are where that failed, and whose focus they had where it did not.
const brought = new WeakMap(); // part → when it was last known to be true

/** The part is as the server has it now. */
export function fresh(part) {
  brought.set(part, Date.now());
  markOf(part)?.remove();
}

/** The part could not be brought up to date: say how old it is. `since` in ms since the epoch, where it is known. */
export function stale(part, since = brought.get(part) ?? performance.timeOrigin) {
  if (markOf(part)) return;
  const mark = document.createElement("p");
  const time = document.createElement("time");
  mark.className = "stale";
  mark.dataset.stale = "";
  time.dateTime = new Date(since).toISOString();
  time.dataset.ago = "";
  mark.append("as of ", time);
  part.prepend(mark);
}

const markOf = (part) => part.querySelector(":scope > [data-stale]");

const opening = (node) => node.cloneNode(false).outerHTML;

/** Give focus and the current row back after the part's content was replaced. */
export function keepPlace(part) {
  const focused = part.contains(document.activeElement) && document.activeElement !== part ? opening(document.activeElement) : null;
  const row = part.querySelector("[data-row].current");
  const name = row?.dataset.run ?? row?.id;
  if (!focused && !name) return;
  const restore = () => {
    if (name) [...part.querySelectorAll("[data-row]")].find((each) => (each.dataset.run ?? each.id) === name)?.classList.add("current");
    if (!focused || document.activeElement !== document.body) return;
    const tag = focused.slice(1).split(/[\s>]/, 1)[0];
    [...part.querySelectorAll(tag)].find((each) => opening(each) === focused)?.focus({ preventScroll: true });
  };
  part.addEventListener("htmx:afterSwap", restore, { once: true });
}
