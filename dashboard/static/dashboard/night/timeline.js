// The timeline under the pointer and the keyboard. One bar is in the order of Tab; arrow keys move from it.
const lanes = (root) => [...root.querySelectorAll("[data-lane]")].filter((lane) => lane.querySelector("a.bar"));
const bars = (lane) => [...lane.querySelectorAll("a.bar")];
const left = (bar) => Number(bar.dataset.left);

/** All bars but one are left out of the order of Tab. */
function rove(root, to = null) {
  const all = [...root.querySelectorAll("a.bar")];
  const past = all.filter((bar) => !bar.matches(".is-planned"));
  const one = to ?? all.find((bar) => bar === document.activeElement) ?? past.at(-1) ?? all.at(-1);
  for (const bar of all) bar.setAttribute("tabindex", bar === one ? "0" : "-1");
}

const nearest = (lane, at) =>
  bars(lane).reduce((best, bar) => (Math.abs(left(bar) - at) < Math.abs(left(best) - at) ? bar : best));

function target(root, bar, key) {
  const all = lanes(root);
  const lane = bar.closest("[data-lane]");
  const mine = bars(lane);
  const at = mine.indexOf(bar);
  const up = all[all.indexOf(lane) - 1];
  const down = all[all.indexOf(lane) + 1];
  return {
    ArrowLeft: () => mine[at - 1],
    ArrowRight: () => mine[at + 1],
    ArrowUp: () => up && nearest(up, left(bar)),
    ArrowDown: () => down && nearest(down, left(bar)),
    Home: () => mine[0],
    End: () => mine.at(-1),
  }[key]?.();
}

const GAP = 6;

/** What the bar is stands below it, or above where the lanes end; inside the panel, whatever its width. */
function tell(root, bar) {
  const told = root.querySelector("[data-bar-told]");
  told.textContent = bar.getAttribute("aria-label");
  told.hidden = false;
  const [box, at] = [root.getBoundingClientRect(), bar.querySelector("rect").getBoundingClientRect()];
  const room = box.width - told.offsetWidth - GAP;
  told.style.left = `${Math.max(GAP, Math.min(at.left - box.left, room))}px`;
  const below = at.bottom + GAP + told.offsetHeight <= window.innerHeight;
  told.style.top = `${below ? at.bottom - box.top + GAP : at.top - box.top - told.offsetHeight - GAP}px`;
}

/** The pointer left: what has the focus is told of again, or nothing. */
function untell(root) {
  const focused = root.querySelector("a.bar:focus-visible");
  if (focused) tell(root, focused);
  else root.querySelector("[data-bar-told]").hidden = true;
}

document.addEventListener("keydown", (event) => {
  const bar = event.target.closest?.("a.bar");
  const root = bar?.closest("[data-timeline]");
  const next = root && target(root, bar, event.key);
  if (!next) return;
  event.preventDefault();
  event.stopPropagation();
  rove(root, next);
  next.focus();
});

for (const kind of ["focusin", "pointerover"]) {
  document.addEventListener(kind, (event) => {
    const bar = event.target.closest?.("a.bar");
    const root = bar?.closest("[data-timeline]");
    if (root) tell(root, bar);
  });
}

for (const kind of ["focusout", "pointerout"]) {
  document.addEventListener(kind, (event) => {
    const bar = event.target.closest?.("a.bar");
    const root = bar?.closest("[data-timeline]");
    if (root && !bar.contains(event.relatedTarget)) untell(root);
  });
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") document.querySelectorAll("[data-bar-told]").forEach((told) => (told.hidden = true));
});

/** As keepPlace does for other parts: the bar that had the focus has it again. */
function keepFocus({ detail }) {
  const id = document.activeElement?.id;
  if (!detail.shouldSwap || !id?.startsWith("bar-") || !detail.target.contains(document.activeElement)) return;
  detail.target.addEventListener("htmx:afterSwap", () => document.getElementById(id)?.focus({ preventScroll: true }), {
    once: true,
  });
}

/** The picture follows what the rest of the page was told, though not at every word. */
const EVERY = 5000;
let due = 0;
function follow() {
  const picture = document.querySelector("#timeline[hx-get]");
  if (!picture || due) return;
  due = setTimeout(() => {
    due = 0;
    window.htmx.trigger(document.querySelector("#timeline[hx-get]") ?? picture, "refresh");
  }, EVERY);
}

const all = () => document.querySelectorAll("[data-timeline]").forEach((root) => rove(root));
document.body.addEventListener("htmx:beforeSwap", keepFocus);
document.body.addEventListener("htmx:afterSwap", ({ detail }) => {
  all();
  if (detail.target.matches("[data-live]")) follow();
});
document.addEventListener("whirr:refresh", follow);
all();
