// Groups: the menu that chooses columns, and rows that open to show what is in them.
import { get, set } from "../urlstate.js";
import { getJson, getPart, report, tell, turns } from "./ask.js";
import { getList, setList } from "./lists.js";
import { hang, walk } from "./popover.js";
import { membersOf } from "./table.js";

const ALL_BUT = "-config.";

export class Grouping {
  constructor({ table, onShown }) {
    Object.assign(this, { table, onShown, opened: new Set(), fetched: new WeakMap(), turn: turns() });
    const find = (name) => document.querySelector(`[data-group-${name}]`);
    Object.assign(this, { menu: find("menu"), field: find("find"), list: find("list"), button: find("open") });
    hang(this.menu, this.button, { onOpen: () => this.fill() });
    walk(this.menu);
    this.field.addEventListener("input", () => this.fill());
    table.box.addEventListener("click", (event) => {
      const button = event.target.closest("[data-members]");
      if (button) this.toggle(button);
    });
    table.box.addEventListener("keydown", (event) => this.key(event));
  }

  async fill() {
    try {
      const query = new URLSearchParams({ q: get("q"), find: this.field.value.trim() });
      const { groups, more } = await getJson(`/runs/columns.json?${query}`, this.turn());
      const all = groups.flatMap(({ kind, columns }) => columns.map((column) => ({ ...column, kind })));
      const fit = all.filter(({ key, kind }) => kind === "config" || BY_NATURE.has(key));
      const by = getList("group");
      const seeds = fit.filter(({ key }) => /(^|[._/])seed$/i.test(key)).map(({ key }) => ({ key: `-${key}`, label: `all but ${key.slice("config.".length)}` }));
      const offered = [...seeds, ...fit.filter(({ key }) => !by.includes(key))];
      const chosen = by.map((key) => ({ key, label: this.labelOf(key, all) }));
      this.list.replaceChildren(
        ...chosen.map((column) => this.item(column, true)),
        ...offered.filter(({ key }) => !by.includes(key)).map((column) => this.item(column, false)),
        ...(more ? [document.createTextNode(`${more} more: type a part of their name.`)] : []),
      );
    } catch (error) {
      report(error);
    }
  }

  labelOf(key, all) {
    if (key.startsWith(ALL_BUT)) return `all but ${key.slice(ALL_BUT.length)}`;
    return all.find((column) => column.key === key)?.label ?? key;
  }

  item({ key, label }, is) {
    const line = document.createElement("label");
    line.className = "item";
    const box = document.createElement("input");
    box.type = "checkbox";
    box.checked = is;
    box.addEventListener("change", () => {
      const rest = getList("group").filter((each) => each !== key);
      const alone = key.startsWith("-") || rest.some((each) => each.startsWith("-")); // "all but" is a grouping of its own
      setList("group", box.checked ? [...(alone ? [] : rest), key] : rest, { push: true });
      set({ within: null, page: null });
      this.fill();
    });
    line.append(box, label);
    return line;
  }

  async toggle(button) {
    const row = button.closest("[data-row]");
    const is = button.ariaExpanded !== "true";
    if (!is) {
      this.opened.delete(row.dataset.group);
      for (const member of membersOf(row)) member.remove();
      button.ariaExpanded = "false";
      return this.onShown();
    }
    this.opened.add(row.dataset.group);
    const count = await this.fetchMembers(row);
    if (count !== undefined) tell(`${count} rows in this group.`);
  }

  /** How many rows came; undefined where none did, or where they are no longer what is asked for. */
  async fetchMembers(row, { live = false } = {}) {
    const { members } = row.querySelector("[data-members]").dataset;
    const mine = { members };
    this.fetched.set(row, mine);
    try {
      const part = await getPart(`/runs/members?${members}`);
      if (this.fetched.get(row) !== mine || !this.opened.has(row.dataset.group) || !row.isConnected) return;
      const lines = this.put(row, part);
      row.querySelector("[data-members]").ariaExpanded = "true"; // another button than before, where its row changed
      this.onShown();
      this.refetch(lines, { live });
      return lines.length;
    } catch (error) {
      if (this.fetched.get(row) === mine) this.fetched.delete(row);
      report(error);
    }
  }

  /** What is in a group, below its row; what was there already keeps its place and the focus. */
  put(row, part) {
    const inside = [row.dataset.memberOf, row.dataset.group].filter(Boolean).join("\n");
    const fresh = [...part.querySelectorAll("[data-row]")];
    for (const line of fresh) line.dataset.memberOf = inside;
    const here = membersOf(row).filter((line) => line.dataset.memberOf === inside);
    for (const line of here) if (!line.matches("[data-row]")) line.remove();
    const last = this.table.arrange(row.parentElement, here.filter((line) => line.matches("[data-row]")), fresh, row);
    last.after(...this.rest(part, row, inside));
    return membersOf(row).filter((line) => line.dataset.memberOf === inside && line.matches("[data-row]"));
  }

  /** Open groups among these rows, where what is asked for is not what they have. */
  refetch(rows, { live }) {
    for (const row of rows) {
      if (!this.opened.has(row.dataset.group)) continue;
      const { members } = row.querySelector("[data-members]").dataset;
      if (live || this.fetched.get(row)?.members !== members) this.fetchMembers(row, { live });
    }
  }

  /** Where a group has more than a page of members, a link leads to all of them. */
  rest(part, row, inside) {
    const more = Number(part.querySelector("[data-left]")?.dataset.left);
    if (!more) return [];
    const line = document.createElement("tr");
    line.dataset.memberOf = inside;
    const cell = line.insertCell();
    cell.colSpan = row.children.length;
    const link = document.createElement("a");
    link.href = `?${row.dataset.query}`;
    link.textContent = `${more.toLocaleString("en")} more: show this group alone`;
    cell.append(link);
    return [line];
  }

  /** Left and right fold and unfold, as in every tree. */
  key(event) {
    const button = event.target.closest("[data-group]")?.querySelector("[data-members]");
    const wish = { ArrowRight: "true", ArrowLeft: "false" }[event.key];
    if (!button || !wish || button.ariaExpanded === wish || event.target.matches("input[type=text]")) return;
    event.preventDefault();
    this.toggle(button);
  }

  /** After the table came: groups that were open are open still, with what the page now asks for. */
  show({ live = false } = {}) {
    this.refetch(this.table.box.querySelectorAll("[data-group]:not([data-member-of])"), { live });
    this.button.ariaPressed = String(Boolean(get("group")));
  }
}

const BY_NATURE = new Set(["state", "user", "project", "host", "worker", "tags", "name", "reason"]);
