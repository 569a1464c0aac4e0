// The command palette: one field that finds runs, jobs, workers, pages and actions, and does what is chosen.
import { actions } from "./actions.js";
import { Refused, ask, post, report } from "./asking.js";
import { confirmed } from "./confirming.js";
import { rank } from "./fuzzy.js";
import { toast } from "./toast.js";

const WAIT = 90; // ms after the last letter before the server is asked
const SHOWN = 8; // pages and actions at most

class Palette {
  constructor(dialog) {
    this.dialog = dialog;
    this.field = dialog.querySelector("[role=combobox]");
    this.list = dialog.querySelector("[role=listbox]");
    this.said = dialog.querySelector("[data-palette-said]");
    this.items = [];
    this.at = 0;
    this.field.addEventListener("input", () => this.look());
    this.field.addEventListener("keydown", (event) => this.key(event));
    this.list.addEventListener("click", (event) => this.clicked(event));
    dialog.addEventListener("close", () => this.asking?.abort());
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  }

  open() {
    if (this.dialog.open) return;
    this.field.value = "";
    this.served = [];
    this.dialog.showModal();
    this.field.focus();
    this.look();
  }

  look() {
    const find = this.field.value.trim();
    this.moved = false;
    this.show([...this.own(find), ...this.served.map((group) => fitting(find, group))]);
    clearTimeout(this.timer);
    this.answered = new Promise((done) => {
      this.timer = setTimeout(() => this.fetch(find).then(done), find ? WAIT : 0);
    });
  }

  own(find) {
    const found = rank(find, actions(), (each) => `${each.label} ${each.words ?? ""}`).slice(0, SHOWN);
    return found.length ? [{ label: "Pages and actions", items: found }] : [];
  }

  async fetch(find) {
    this.asking?.abort();
    this.asking = new AbortController();
    try {
      const url = `${this.dialog.dataset.palette}?find=${encodeURIComponent(find)}`;
      const answer = await (await ask(url, { signal: this.asking.signal })).json();
      this.served = answer.groups;
      const own = this.own(find);
      this.show(answer.first ? [...answer.groups, ...own] : [...own, ...answer.groups], answer.more);
    } catch (error) {
      if (error.name === "AbortError") return;
      this.served = [];
      this.said.textContent = error instanceof Refused ? error.message : "";
      if (!(error instanceof Refused)) report(error);
    }
  }

  show(groups, more = 0) {
    const before = this.moved ? this.items[this.at]?.key : null; // what somebody chose stays chosen
    this.items = groups.flatMap((group) => group.items).map((item) => ({ ...item, key: item.href ?? item.post ?? item.label }));
    let index = 0;
    this.list.replaceChildren(...groups.filter((group) => group.items.length).map((group, number) => {
      const box = element("div", "palette-group", { role: "group", "aria-labelledby": `palette-group-${number}` });
      box.append(element("div", "palette-title", { id: `palette-group-${number}`, role: "presentation" }, group.label));
      for (const item of group.items) box.append(option(item, index++));
      return box;
    }));
    const count = this.items.length;
    this.said.textContent = count ? `${count} found${more ? `, and ${more} more runs: type more of the name` : ""}` : "Nothing found.";
    this.choose(Math.max(0, this.items.findIndex((item) => item.key === before)));
  }

  choose(at) {
    this.at = Math.min(Math.max(at, 0), this.items.length - 1);
    const options = this.list.querySelectorAll("[role=option]");
    options.forEach((node, index) => node.setAttribute("aria-selected", String(index === this.at)));
    options[this.at]?.scrollIntoView({ block: "nearest" });
    this.field.setAttribute("aria-activedescendant", options.length ? `palette-option-${this.at}` : "");
  }

  key(event) {
    const count = this.items.length;
    const moves = { ArrowDown: (this.at + 1) % count, ArrowUp: (this.at - 1 + count) % count, PageDown: this.at + 8, PageUp: this.at - 8 };
    if (event.isComposing) return;
    if (count && event.key in moves) {
      this.choose(moves[event.key]);
      this.moved = true;
    } else if (event.key === "Enter") this.enter(event.ctrlKey || event.metaKey);
    else return;
    event.preventDefault();
  }

  /** Somebody who types fast means what they typed, not what was found for its beginning. */
  async enter(aside) {
    if (!this.moved) await this.answered;
    if (this.dialog.open) this.run(this.items[this.at], aside);
  }

  clicked(event) {
    const node = event.target.closest("[role=option]");
    if (!node) return;
    this.choose(Number(node.dataset.index));
    this.run(this.items[this.at], event.ctrlKey || event.metaKey);
  }

  async run(item, aside) {
    if (!item) return;
    this.dialog.close();
    if (item.href && aside) window.open(item.href, "_blank", "noopener");
    else if (item.href) location.assign(item.href);
    else if (item.run) item.run();
    else if (item.post) await this.change(item);
  }

  async change(item) {
    if (item.confirm && !(await confirmed(item.confirm, { deed: item.label }))) return;
    try {
      toast(await post(item.post, item.fields));
      document.dispatchEvent(new Event("whirr:refresh"));
    } catch (error) {
      report(error, { doing: item.label });
    }
  }
}

const fitting = (find, group) => ({ ...group, items: rank(find, group.items, (each) => `${each.label} ${each.detail}`) });

function element(tag, className, attributes, text = "") {
  const node = document.createElement(tag);
  node.className = className;
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  if (text) node.textContent = text;
  return node;
}

function option(item, index) {
  const node = element("div", "palette-option", { role: "option", id: `palette-option-${index}`, "aria-selected": "false" });
  node.dataset.index = index;
  node.append(element("span", "palette-label", {}, item.label), element("span", "palette-detail", {}, item.detail ?? ""));
  return node;
}

export function installPalette() {
  const dialog = document.querySelector("#palette");
  if (!dialog) return;
  const palette = new Palette(dialog);
  document.addEventListener("click", (event) => event.target.closest("[data-palette-open]") && palette.open());
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "k") {
      event.preventDefault();
      if (dialog.open) dialog.close();
      else if (!document.querySelector("dialog[open]")) palette.open();
    }
  });
}
