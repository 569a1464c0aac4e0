// Looking into parts of the page: a config or a list that is searched, a config that is copied, a table that is sorted,
// a file that is shown.
import { ask, report } from "../asking.js";
import { forget } from "../live.js";
import { toast } from "../toast.js";
import { get, onChange, set } from "../urlstate.js";
import { element } from "./elements.js";

/** Leaves of the config whose key or value has these letters; branches above them open. */
function findInConfig(field) {
  const words = field.value.trim().toLowerCase();
  const root = field.closest("details").querySelector("[data-config]");
  let found = 0;
  for (const leaf of root.querySelectorAll("[data-leaf]")) {
    const hit = !words || `${leaf.dataset.leaf} ${leaf.querySelector(".value").textContent}`.toLowerCase().includes(words);
    leaf.hidden = !hit;
    found += hit;
  }
  for (const branch of [...root.querySelectorAll("details")].reverse()) {
    const hit = Boolean(branch.querySelector("[data-leaf]:not([hidden])"));
    branch.parentElement.hidden = !hit;
    if (words) branch.open = hit;
  }
  field.closest("details").querySelector("[data-config-none]").hidden = found > 0;
}

function findInList(field) {
  const words = field.value.trim().toLowerCase();
  for (const line of document.querySelectorAll(`[data-found-in="${field.dataset.findIn}"] > [data-words]`)) {
    line.hidden = !line.dataset.words.toLowerCase().includes(words);
  }
}

async function copyConfig(address) {
  try {
    const text = await (await ask(address)).text();
    await navigator.clipboard.writeText(text);
    toast("The config is copied.");
  } catch (error) {
    if (error.name === "NotAllowedError" || error instanceof TypeError) window.open(address, "_blank", "noopener");
    else report(error, { doing: "Copy" });
  }
}

const compare = (left, right) => {
  const [a, b] = [Number(left), Number(right)];
  if (left !== "" && right !== "" && !Number.isNaN(a) && !Number.isNaN(b)) return a - b;
  return left.localeCompare(right, undefined, { numeric: true });
};

/** Rows of a preview by one of its columns, up and down in turns; what is empty comes last. */
function sortBy(button) {
  const heading = button.closest("th");
  const body = button.closest("table").tBodies[0];
  const place = Number(button.dataset.sortBy);
  const down = heading.getAttribute("aria-sort") === "ascending";
  for (const other of heading.parentElement.children) other.removeAttribute("aria-sort");
  heading.setAttribute("aria-sort", down ? "descending" : "ascending");
  const text = (row) => row.cells[place].textContent;
  const rows = [...body.rows].sort((left, right) => {
    if (!text(left) || !text(right)) return Number(!text(left)) - Number(!text(right));
    return compare(text(left), text(right)) * (down ? -1 : 1);
  });
  body.append(...rows);
}

/** Mark the file that the address names, where the list has it. */
function mark(panel) {
  const name = get("file");
  for (const link of panel.querySelectorAll("[data-file]")) {
    if (link.dataset.file === name) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}

/** Show the file that the address names, once the list of files is there; the list may be too short to have it. */
function viewNamed(panel) {
  const place = panel.querySelector("[data-preview]");
  if (!place) return;
  mark(panel);
  const name = get("file");
  const shown = place.querySelector("[data-preview-of]")?.dataset.previewOf ?? "";
  if (name === shown) return;
  forget(place);
  const url = `${place.dataset.view}&path=${encodeURIComponent(name)}`;
  if (name) window.htmx.ajax("GET", url, { source: place, target: place, swap: "innerHTML" }).catch(() => {});
  else place.replaceChildren(element("p", { class: "inside soft" }, "Choose a file to look into it."));
}

export function installReading(root) {
  root.addEventListener("input", ({ target }) => {
    if (target.matches("[data-config-find]")) findInConfig(target);
    if (target.matches("[data-find-in]")) findInList(target);
  });
  root.addEventListener("click", (event) => {
    const link = event.target.closest("[data-file]");
    if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      set({ file: link.dataset.file }, { push: true });
      viewNamed(link.closest("[data-tab-panel]"));
    }
    const copied = event.target.closest("[data-copy-config]");
    if (copied) copyConfig(copied.dataset.copyConfig);
    const sorted = event.target.closest("[data-sort-by]");
    if (sorted) sortBy(sorted);
  });
  root.addEventListener("htmx:beforeSwap", ({ target, detail }) => {
    if (!target.matches?.("[data-preview]")) return;
    const of = new URL(detail.requestConfig.path, location.href).searchParams.get("path");
    if (of !== get("file")) detail.shouldSwap = false; // somebody went on to another file, or back
  });
  root.addEventListener("htmx:afterSwap", ({ target }) => {
    const panel = target.closest?.("[data-tab-panel=artifacts]");
    if (panel === target) viewNamed(panel);
    else if (panel) mark(panel); // the list came anew
  });
  const panel = root.querySelector("[data-tab-panel=artifacts]");
  onChange((names) => names === null && viewNamed(panel)); // Back, Forward
}
