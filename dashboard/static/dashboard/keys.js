// Keys. None is ever taken from somebody who types, and none together with Ctrl, Alt or Meta (the palette's aside).
const TYPING = "input:not([type=checkbox], [type=radio], [type=range], [type=button]), textarea, select, [contenteditable]";
const SECOND_WITHIN = 1500; // ms between `g` and the letter of a page

let afterG = 0;
const keys = new Map(); // what they do, the latest first

/**
 * Give a page a key: `does` is what the list says, `run(event)` the deed (false: it did nothing, let the browser have
 * the key), `when()` whether it exists on the page as it is now. Of several that exist the latest counts.
 */
export function addKey(key, does, run, { when = () => true } = {}) {
  keys.set(key, [{ does, run, when }, ...(keys.get(key) ?? [])]);
}

const deedOf = (key) => keys.get(key)?.find(({ when }) => when());

const click = (selector, { inRow = false } = {}) => () => {
  const found = (inRow ? current() : document)?.querySelector(selector);
  found?.click();
  return Boolean(found);
};
const has = (selector) => () => Boolean(document.querySelector(selector));

function addCommonKeys() {
  addKey("/", "filter, or find a metric", () => focusOn("[data-filter]") || focusOn("[data-board] [data-set=find]"), {
    when: has("[data-filter], [data-board] [data-set=find]"),
  });
  addKey("j", "next row", () => step(1), { when: has("[data-row]") });
  addKey("k", "previous row", () => step(-1), { when: has("[data-row]") });
  addKey("Enter", "open the row", () => document.activeElement === document.body && click("a[href]", { inRow: true })(), {
    when: has("[data-row]"),
  });
  addKey("x", "select the row", click("[data-choose]", { inRow: true }), { when: has("[data-choose]") });
  addKey("p", "pin the row, or let it go", click("[data-pin]", { inRow: true }), { when: has("[data-row] [data-pin]") });
  addKey("b", "make the row the baseline", click("[data-baseline]", { inRow: true }), {
    when: has("[data-row] [data-baseline]"),
  });
  addKey("c", "compare what is selected", click("[data-compare-link]"), { when: has("[data-compare-link]") });
  addKey("f", "follow the log, or stop", click("[data-log-follow]"), { when: has("[data-log-follow]:not([hidden])") });
  addKey("0", "zoom of all charts back", () => false, { when: has("[data-board]") }); // the board hears it itself
  addKey("?", "this list", showKeys);
}

function places() {
  const found = [...document.querySelectorAll("[data-place]")].map((link) => [link.dataset.place, link.href, link.textContent.trim()]);
  if (document.querySelector("a[href='/admin/']")) found.push(["a", "/admin/", "Admin"]);
  return found;
}

export function installKeys() {
  addCommonKeys();
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing) return;
    if (event.ctrlKey || event.altKey || event.metaKey || document.querySelector("dialog[open]")) return;
    if (event.target.closest?.(TYPING)) {
      if (event.key === "Escape" && !event.target.closest(":popover-open")) event.target.blur(); // a popover gives the focus back
      return;
    }
    press(event);
  });
}

function press(event) {
  const key = event.key;
  const second = afterG > event.timeStamp; // when it was pressed: a busy page hears of it later
  afterG = 0;
  const place = second && places().find(([letter]) => letter === key);
  if (place) return location.assign(place[1]);
  if (key === "g") afterG = event.timeStamp + SECOND_WITHIN;
  else if (key === "Escape") letGo();
  else if (pressed(key, event)) event.preventDefault();
}

function pressed(key, event) {
  const deed = deedOf(key);
  return Boolean(deed) && deed.run(event) !== false;
}

/** Open the list of what each key does on this page. */
export function showKeys() {
  const dialog = document.querySelector("#help");
  const list = dialog?.querySelector("[data-keys]");
  if (!list) return false;
  const lines = [...keys.keys()].filter(deedOf).map((key) => [[key], deedOf(key).does]);
  const letters = places();
  if (letters.length) {
    lines.push([["g", ...letters.map(([letter]) => letter)], `go to: ${letters.map(([, , name]) => name).join(", ")}`]);
  }
  if (document.querySelector("#palette")) lines.push([["Ctrl K"], "find anything, do anything"]);
  lines.push([["Esc"], "close, leave a field, let a row go"]);
  list.replaceChildren(...lines.flatMap(([caps, does]) => line(caps, does)));
  dialog.showModal();
  return true;
}

function line(caps, does) {
  const name = document.createElement("dt");
  for (const [at, cap] of caps.entries()) {
    const node = document.createElement("kbd");
    node.textContent = cap;
    name.append(node, caps[0] === "g" && at === 0 ? " then " : " ");
  }
  const said = document.createElement("dd");
  said.textContent = does;
  return [name, said];
}

function focusOn(selector) {
  const field = document.querySelector(selector);
  field?.focus();
  field?.select?.();
  return Boolean(field);
}

const rows = () => [...document.querySelectorAll("[data-row]")].filter((row) => row.getClientRects().length);
const current = () => document.querySelector("[data-row].current");

function letGo() {
  current()?.classList.remove("current");
  if (document.activeElement?.closest("[data-row]")) document.activeElement.blur();
}

function step(by) {
  const all = rows();
  if (!all.length) return false;
  const focused = document.activeElement?.closest("[data-row]");
  const at = all.indexOf(focused ?? current());
  const next = all[Math.min(Math.max(at + by, 0), all.length - 1)];
  current()?.classList.remove("current");
  next.classList.add("current");
  next.querySelector("a[href]")?.focus({ preventScroll: true }); // screen readers read the row; Enter opens it
  next.scrollIntoView({ block: "nearest" });
  return true;
}
