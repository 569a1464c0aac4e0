// The menu of a column's header: sort, pin, group, the value of a metric, width, away with it.
import { go } from "./table.js";
import { put, same, shown, which, WHICH, withWhich } from "./columns.js";
import { close, open, walk } from "./popover.js";
import { format, getList, setList } from "./lists.js";

const BY = 24; // px, of one press on "wider"

export class Headers {
  constructor({ table, widths }) {
    this.widths = widths;
    this.panel = document.querySelector("[data-head-panel]");
    walk(this.panel);
    document.addEventListener("change", ({ target }) => target.matches("[data-sort-cards]") && go(target.value)); // cards have no headers
    table.box.addEventListener("click", (event) => {
      const button = event.target.closest("[data-head-menu]");
      if (button) this.open(button);
    });
  }

  open(button) {
    const header = button.closest("[data-column]");
    const { column: key, label, kind, pin, drop, by } = header.dataset;
    this.panel.ariaLabel = `Column ${label}`;
    const sortable = Boolean(header.querySelector("[data-sort]"));
    const items = [
      ...(sortable ? [item("Sort upwards", () => sort([key])), item("Sort downwards", () => sort([`-${key}`]))] : []),
      ...(kind === "metric" ? this.values(key) : []),
      pin && item(header.hasAttribute("data-pinned") ? "Let it scroll" : "Pin to the left", () => go(pin)),
      by && item("Group by it", () => go(by)),
      item("Wider", () => this.widths.change(key, BY), { stay: true }),
      item("Narrower", () => this.widths.change(key, -BY), { stay: true }),
      drop && item("Remove the column", () => go(drop)),
    ].filter(Boolean);
    items[0].dataset.first = "";
    for (const each of items) {
      each.addEventListener("click", () => each.dataset.stay === undefined && close(this.panel));
    }
    this.panel.replaceChildren(...items);
    open(this.panel, button);
  }

  values(key) {
    return WHICH.map((value) => {
      const wish = withWhich(key, value);
      const node = item(`Show ${value}`, () => {
        const sort = getList("sort").map((each) => (same(each.replace(/^-/, ""), key) ? each.replace(/[^-][^]*/, wish) : each));
        put(shown().map((each) => (same(each.key, key) ? { ...each, key: wish } : each)), { sort: format(sort) });
      });
      node.ariaCurrent = String(which(key) === value);
      return node;
    });
  }
}

const sort = (columns) => setList("sort", columns, { push: true });

function item(text, run, { stay = false } = {}) {
  const node = document.createElement("button");
  node.type = "button";
  node.className = "item";
  node.textContent = text;
  if (stay) node.dataset.stay = "";
  node.addEventListener("click", run);
  return node;
}
