// The runs page: a table and the charts of its runs. This module knows the parts and who tells whom.
import { Board } from "../charts/board.js";
import { addKey } from "../keys.js";
import { Alive } from "./alive.js";
import { tell } from "./ask.js";
import { Bulk } from "./bulk.js";
import { Choosing } from "./choosing.js";
import { Clause } from "./clause.js";
import { Drawn } from "./drawn.js";
import { Filter } from "./filter.js";
import { Grouping } from "./grouping.js";
import { Headers } from "./headers.js";
import { Picker } from "./picker.js";
import { hang, walk } from "./popover.js";
import { Rows } from "./rows.js";
import { Selection } from "./selection.js";
import { Split } from "./split.js";
import { Table } from "./table.js";
import { Tips } from "./tips.js";
import { Views } from "./views.js";
import { Widths } from "./widths.js";

const pill = document.querySelector("[data-pill]");

function installPill(table) {
  pill.addEventListener("click", () => table.catchUp());
}

function pending(text) {
  pill.hidden = !text;
  if (text) pill.textContent = text;
}

function installDensity() {
  const button = document.querySelector("[data-density]");
  const show = (is) => {
    document.body.classList.toggle("compact", is);
    button.ariaPressed = String(is);
  };
  show(localStorage.getItem("whirr-density") === "compact");
  button.addEventListener("click", () => {
    const is = button.ariaPressed !== "true";
    localStorage.setItem("whirr-density", is ? "compact" : "comfortable");
    show(is);
  });
}

function installExport(table) {
  const menu = document.querySelector("[data-export-menu]");
  walk(menu);
  hang(menu, document.querySelector("[data-export-open]"), {
    onOpen: () => {
      for (const link of menu.querySelectorAll("[data-format]")) {
        link.href = `/runs/export?format=${link.dataset.format}&${table.told.exported}`;
      }
    },
  });
  const chosen = document.querySelector("[data-bulk-export-menu]");
  walk(chosen);
  hang(chosen, document.querySelector("[data-bulk-export-open]"));
}

function install() {
  let alive = null;
  const root = document.querySelector("[data-board]");
  const board = new Board(root, { live: true, onShown: () => alive?.watch() });
  const table = new Table({ onShown: shown, onPending: pending });
  const selection = new Selection({ onChange: selected });
  const choosing = new Choosing({ table, selection });
  const bulk = new Bulk({ selection, done: () => table.load() });
  const filter = new Filter();
  const rows = new Rows({ table, tell });
  const widths = new Widths({ table });
  const picker = new Picker();
  const views = new Views({ table });
  alive = new Alive({ table, board });
  const drawn = new Drawn({ table, board, onDrawn: (runs) => alive.follow(runs) });
  const grouping = new Grouping({ table, onShown: () => marks() });
  let listed = "";

  function marks() {
    rows.show();
    choosing.show();
    widths.show();
    const now = table.runs.join(" ");
    if (now === listed && !table.box.querySelector("[data-group]")) return;
    listed = now;
    drawn.show();
  }

  function shown({ live = false } = {}) {
    filter.show();
    views.hang();
    picker.refreshed();
    grouping.show({ live });
    bulk.show();
    marks();
    if (!live) tell(document.querySelector(".pager > span")?.textContent ?? "No run is shown.");
  }

  function selected() {
    choosing.show();
    bulk.show();
  }

  new Clause({ filter });
  new Headers({ table, widths });
  new Tips({ table });
  new Split(document.querySelector("[data-split]"), { onResized: () => window.dispatchEvent(new Event("resize")) });
  installPill(table);
  installDensity();
  installExport(table);
  addKey("h", "draw the row, or do not", () => click("[data-eye]"), { when: () => Boolean(document.querySelector("[data-eye]")) });
  addKey("t", "fold the charts away, or show them", () => click("[data-fold=right]", document));
  document.addEventListener("whirr:colours", () => rows.show());
  filter.show();
  grouping.show();
  marks();
  selected();
}

function click(selector, within = document.querySelector("[data-row].current")) {
  const button = within?.querySelector(selector);
  button?.click();
  return Boolean(button);
}

install();
