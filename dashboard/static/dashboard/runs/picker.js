// The dialog of columns: a tree that can be searched at the left, what is shown and in which order at the right.
import { getJson, report, tell, turns } from "./ask.js";
import { base, headers, put, same, shown, which, WHICH, withWhich } from "./columns.js";
import { get, onChange, set } from "../urlstate.js";

const TITLES = { status: "Status", fixed: "Status", config: "Config", metric: "Metrics", summary: "Summary", tags: "Tags", code: "Code", system: "Machine", package: "Packages" };
const WAIT = 150; // ms of quiet typing

export class Picker {
  constructor() {
    this.turn = turns();
    this.dialog = document.querySelector("[data-columns]");
    const find = (name) => this.dialog.querySelector(`[data-columns-${name}]`);
    Object.assign(this, { field: find("find"), tree: find("tree"), list: find("shown"), labels: new Map(), folded: new Set() });
    document.querySelector("[data-columns-open]").addEventListener("click", () => this.open());
    this.field.addEventListener("input", () => {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.fill(), WAIT);
    });
    find("default").addEventListener("click", () => {
      set({ cols: null }, { push: true });
      this.defaults = true;
    });
    this.dialog.addEventListener("keydown", (event) => event.key === "Enter" && event.target === this.field && event.preventDefault());
    this.list.addEventListener("dragover", (event) => this.over(event));
    onChange((names) => this.dialog.open && (!names || names.has("cols")) && this.show());
  }

  open() {
    this.field.value = "";
    this.dialog.showModal();
    this.field.focus();
    this.show();
    this.fill();
  }

  /** The table came: where the server chose the columns, they may be others now. */
  refreshed() {
    if (this.dialog.open && !get("cols") && !this.dragged) this.show();
  }

  async fill() {
    try {
      const query = new URLSearchParams({ q: get("q"), find: this.field.value.trim() });
      const { groups, more } = await getJson(`/runs/columns.json?${query}`, this.turn());
      const parts = groups.filter(({ columns }) => columns.length).map((group) => this.branch(group));
      const none = note(this.field.value ? `No column is called “${this.field.value}”.` : "No column is there.");
      this.tree.replaceChildren(...(parts.length ? parts : [none]), ...(more ? [note(`${more} more: type a part of their name.`)] : []));
      this.show();
    } catch (error) {
      report(error);
    }
  }

  branch({ kind, columns }) {
    const branch = document.createElement("details");
    branch.open = !this.folded.has(kind) || Boolean(this.field.value);
    branch.addEventListener("toggle", () => (branch.open ? this.folded.delete(kind) : this.folded.add(kind)));
    const summary = document.createElement("summary");
    summary.textContent = `${TITLES[kind] ?? kind} (${columns.length})`;
    branch.append(summary, ...columns.map((column) => this.leaf(column)));
    return branch;
  }

  leaf({ key, label, count }) {
    this.labels.set(base(key), label);
    const line = document.createElement("label");
    const box = document.createElement("input");
    box.type = "checkbox";
    box.value = base(key);
    box.addEventListener("change", () => this.choose(key, box.checked));
    const name = document.createElement("span");
    name.textContent = label;
    const told = document.createElement("span");
    told.className = "soft small num";
    told.textContent = count ?? "";
    if (count !== undefined) told.title = `in ${count} of these runs`;
    line.append(box, name, told);
    return line;
  }

  choose(key, is) {
    const now = shown();
    put(is ? [...now, { key, pinned: false }] : now.filter((each) => base(each.key) !== base(key)));
  }

  tick() {
    const now = new Set(shown().map(({ key }) => base(key)));
    for (const box of this.tree.querySelectorAll("input")) box.checked = now.has(box.value);
  }

  show() {
    const focus = this.list.contains(document.activeElement) ? document.activeElement.dataset : null;
    this.list.replaceChildren(...shown().map((column, index, all) => this.line(column, index, all.length)));
    if (focus?.key) [...this.list.querySelectorAll("[data-key]")].find((node) => node.dataset.key === focus.key && node.dataset.does === focus.does)?.focus();
    this.tick();
  }

  line(column, index, count) {
    const line = document.createElement("li");
    const { key, pinned } = column;
    const name = this.labels.get(base(key)) ?? labelOf(key);
    Object.assign(line.dataset, { line: key });
    line.draggable = true;
    line.addEventListener("dragstart", (event) => {
      this.dragged = line;
      event.dataTransfer.effectAllowed = "move";
      event.dataTransfer.setData("text/plain", key);
    });
    line.addEventListener("dragend", () => this.dropped());
    const text = document.createElement("span");
    text.className = "picker-name";
    text.textContent = name;
    text.title = key;
    const button = (does, label, symbol, run, off = false) => {
      const node = document.createElement("button");
      Object.assign(node, { type: "button", className: "button bare slim", disabled: off, ariaLabel: label, title: label });
      Object.assign(node.dataset, { key, does });
      node.append(icon(symbol));
      node.addEventListener("click", run);
      return node;
    };
    const pin = button("pin", `${pinned ? "Let go" : "Pin"} ${name}`, "pin", () => this.change(key, { pinned: !pinned }));
    pin.ariaPressed = String(pinned);
    line.append(
      text,
      ...(which(key) ? [this.values(column, name)] : []),
      pin,
      button("up", `${name} one up`, "up", () => this.move(key, -1), index === 0),
      button("down", `${name} one down`, "down", () => this.move(key, 1), index === count - 1),
      button("drop", `Remove ${name}`, "cross", () => put(shown().filter((each) => !same(each.key, key))), count === 1),
    );
    return line;
  }

  values({ key }, name) {
    const select = document.createElement("select");
    select.ariaLabel = `Which value of ${name}`;
    Object.assign(select.dataset, { key, does: "which" });
    select.append(...WHICH.map((value) => new Option(value, value, false, value === which(key))));
    select.addEventListener("change", () => this.change(key, { key: withWhich(key, select.value) }));
    return select;
  }

  change(key, changes) {
    put(shown().map((each) => (same(each.key, key) ? { ...each, ...changes } : each)));
  }

  move(key, by) {
    const now = shown();
    const at = now.findIndex((each) => same(each.key, key));
    const [column] = now.splice(at, 1);
    const to = Math.max(0, at + by);
    const beside = now[to] ?? now.at(-1);
    now.splice(to, 0, { ...column, pinned: by < 0 ? column.pinned || beside.pinned : column.pinned && shown()[to].pinned });
    put(now);
    tell(`${base(key)} is now column ${to + 1} of ${now.length}.`);
  }

  over(event) {
    const line = event.target.closest("li");
    if (!this.dragged || !line || line === this.dragged) return;
    event.preventDefault();
    const { top, height } = line.getBoundingClientRect();
    line.parentNode.insertBefore(this.dragged, event.clientY < top + height / 2 ? line : line.nextSibling);
  }

  dropped() {
    this.dragged = null;
    const order = [...this.list.children].map((line) => line.dataset.line);
    put([...shown()].sort((one, other) => order.indexOf(one.key) - order.indexOf(other.key)));
  }
}

const labelOf = (key) => headers().find(({ dataset }) => dataset.column === key)?.dataset.label ?? base(key);

export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

function note(text) {
  const line = document.createElement("p");
  line.className = "soft small";
  line.textContent = text;
  return line;
}
