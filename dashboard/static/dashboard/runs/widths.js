// Widths of columns, dragged at the edge of a header and kept by this browser; and where pinned columns stand.
import { headers } from "./columns.js";

const KEPT = "whirr-widths";
const LEAST = 48;
const MOST = 900;
const HEAD = "[data-runs-table] thead tr > :is(.marks, [data-pinned]) { z-index: 3; }";

function kept() {
  try {
    return JSON.parse(localStorage.getItem(KEPT)) || {};
  } catch {
    return {};
  }
}

export class Widths {
  constructor({ table }) {
    this.table = table;
    this.widths = kept();
    this.sheet = new CSSStyleSheet();
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, this.sheet];
    table.box.addEventListener("pointerdown", (event) => this.drag(event));
    table.box.addEventListener("dblclick", (event) => {
      const header = event.target.closest("[data-grip]")?.closest("[data-column]");
      if (header) this.keep(header.dataset.column, null);
    });
    new ResizeObserver(() => this.soon()).observe(table.box);
  }

  drag(event) {
    const grip = event.target.closest("[data-grip]");
    if (!grip || event.button) return;
    event.preventDefault();
    const header = grip.closest("[data-column]");
    const { column } = header.dataset;
    const from = event.clientX - header.offsetWidth;
    grip.setPointerCapture(event.pointerId);
    const move = (at) => {
      this.widths[column] = within(at.clientX - from);
      this.show();
    };
    grip.addEventListener("pointermove", move);
    grip.addEventListener(
      "lostpointercapture",
      () => {
        grip.removeEventListener("pointermove", move);
        this.keep(column, this.widths[column] ?? null);
      },
      { once: true },
    );
  }

  /** Wider by so many pixels. */
  change(column, by) {
    const header = headers().find((each) => each.dataset.column === column);
    this.keep(column, within((this.widths[column] ?? header.offsetWidth) + by));
  }

  keep(column, width) {
    if (width === null) delete this.widths[column];
    else this.widths[column] = width;
    try {
      localStorage.setItem(KEPT, JSON.stringify({ ...kept(), [column]: width ?? undefined }));
    } catch {
      // a browser that keeps nothing: the width lasts as long as the page
    }
    this.show();
  }

  /** One sheet for all cells: ten thousand cells are not touched one by one. */
  show() {
    const rules = headers().map((header, index) => {
      const width = this.widths[header.dataset.column];
      if (!width) return "";
      const cell = `[data-runs-table] tr > :nth-child(${index + 2})`;
      return `${cell} { width: ${width}px; min-width: ${width}px; max-width: ${width}px; overflow: hidden; text-overflow: ellipsis; }`;
    });
    this.given = rules.join("\n");
    this.soon();
  }

  /** Once a frame: to ask for a width in the midst of changes makes the browser lay out ten thousand cells for it. */
  soon() {
    this.asked ??= requestAnimationFrame(() => {
      this.asked = undefined;
      this.pin();
    });
  }

  pin() {
    const first = document.querySelector("[data-runs-table] th.marks");
    const stays = [first, ...headers()].map((header, index) => ({ header, index })).filter(({ header, index }) => header && (!index || header.hasAttribute("data-pinned")));
    const widths = stays.slice(0, -1).map(({ header }) => header.offsetWidth); // all are read before any is written
    let left = 0;
    const pinned = stays.map(({ index }, at) => {
      const rule = `[data-runs-table] tr > :nth-child(${index + 1}) { position: sticky; left: ${left}px; z-index: 1; background: var(--row, var(--panel)); }`;
      left += widths[at] ?? 0;
      return rule;
    });
    const text = `${this.given ?? ""}\n@media (min-width: 721px) {\n${pinned.join("\n")}\n${HEAD}\n}`;
    if (text !== this.text) this.sheet.replaceSync((this.text = text));
  }
}

const within = (width) => Math.round(Math.min(Math.max(width, LEAST), MOST));
