// The bar below the table: what is done to all selected runs, after a word about what that will do.
import { toast } from "../toast.js";
import { getJson, post, report } from "./ask.js";
import { format, getList } from "./lists.js";
import { get, onChange } from "../urlstate.js";
import { intoTable } from "./table.js";

const KEPT = ["baseline", "pins", "x", "y", "smooth", "outliers"]; // of the address, on the way to the compare page
const GONE = ["archive", "unarchive", "trash"]; // verbs after which a list may no longer show the runs
const IN_A_URL = 60; // runs, above which the server keeps the list and gives it a key
const VERBS = {
  tag: { title: "Tag", word: "Tag", button: "Tag them" },
  untag: { title: "Remove a tag from", word: "Tag", button: "Remove the tag" },
  move: { title: "Move", word: "To the project", button: "Move them" },
  archive: { title: "Archive", button: "Archive them" },
  unarchive: { title: "Bring back from the archive:", button: "Bring them back" },
  cancel: { title: "Cancel", button: "Cancel them" },
  retry: { title: "Retry", button: "Retry them" },
  trash: { title: "Move to the trash", button: "Move to trash" },
};

export class Bulk {
  constructor({ selection, done, go = (url) => location.assign(url) }) {
    Object.assign(this, { selection, done, go });
    this.bar = document.querySelector("[data-chosen]");
    this.dialog = document.querySelector("[data-bulk-dialog]");
    for (const button of this.bar.querySelectorAll("[data-bulk]")) {
      button.addEventListener("click", () => this.open(button.dataset.bulk));
    }
    this.find("form").addEventListener("submit", (event) => this.submit(event));
    this.bar.querySelector("[data-compare-link]").addEventListener("click", (event) => this.compare(event));
    onChange(() => this.show());
    const menu = document.querySelector("[data-bulk-export-menu]");
    for (const item of menu.querySelectorAll("[data-format]")) {
      item.addEventListener("click", () => this.exportAs(item.dataset.format, menu));
    }
  }

  find(name) {
    return this.dialog.querySelector(`[data-bulk-${name}]`);
  }

  show() {
    const { size, whole } = this.selection;
    const held = this.bar.contains(document.activeElement);
    this.bar.hidden = this.selection.ids.size === 0;
    if (held && this.bar.hidden) intoTable();
    const archived = document.querySelector("[data-table-told][data-with-archived]");
    this.bar.querySelector("[data-bulk=unarchive]")?.toggleAttribute("hidden", !archived); // not there for who only reads
    const count = `${size.toLocaleString("en")} selected`;
    this.bar.querySelector("[data-chosen-count]").textContent = whole ? `${count}: all that match` : count;
    this.bar.querySelector("[data-compare-link]").href = this.compared(`runs=${format(this.together.slice(0, IN_A_URL))}`);
  }

  /** With the selection go the baseline and the pinned runs, and how the charts are drawn. */
  get others() {
    return [get("baseline"), ...getList("pins")].filter(Boolean);
  }

  compared(where) {
    const query = new URLSearchParams(KEPT.map((name) => [name, get(name)]).filter(([, value]) => value));
    return `/compare/?${where}${query.size ? `&${query}` : ""}`;
  }

  /** Of whom the verb speaks. All that match are told by the filter, so that nobody sends ten thousand ids. */
  async target() {
    const { ids, whole } = this.selection;
    if (whole) return { ...defined({ q: whole.q, group: whole.group, within: whole.within }), all: 1 };
    if (ids.size <= IN_A_URL) return { runs: format([...ids]) };
    return { sel: await this.stored() };
  }

  get together() {
    return [...new Set([...this.others, ...this.selection.ids])];
  }

  async stored(runs = [...this.selection.ids]) {
    const { key } = JSON.parse(await post("/selections", { runs: format(runs) }));
    return key;
  }

  async open(verb) {
    const { title, word, button } = VERBS[verb];
    this.verb = verb;
    this.find("title").textContent = `${title} ${this.selection.size.toLocaleString("en")} ${this.selection.size === 1 ? "run" : "runs"}`;
    this.find("told").textContent = "Looking at what this would do …";
    this.find("wrong").hidden = true;
    this.find("label").hidden = !word;
    this.find("word").textContent = word ?? "";
    this.find("value").value = "";
    this.find("value").required = Boolean(word);
    this.find("do").textContent = button;
    this.find("do").classList.toggle("danger", verb === "trash" || verb === "cancel");
    this.find("do").disabled = true;
    this.dialog.showModal();
    if (word) this.find("value").focus();
    const mine = (this.opened = {});
    try {
      const of = await this.target();
      const query = new URLSearchParams({ verb, ...defined(of) });
      const { count, told, sel } = await getJson(`/runs/bulk.json?${query}`);
      if (mine !== this.opened) return; // it was closed, and asks about something else now
      this.of = sel ? { sel } : of; // what the sentence is about, and not what matches the filter by then
      this.find("told").textContent = told;
      this.find("do").disabled = count === 0;
    } catch (error) {
      if (mine !== this.opened) return;
      this.find("told").textContent = "";
      this.wrong(error);
    }
  }

  async submit(event) {
    if (event.submitter?.value !== "yes") return;
    event.preventDefault();
    if (this.find("do").disabled) return;
    this.find("do").disabled = true;
    this.find("wrong").hidden = true;
    try {
      const said = await this.work({ verb: this.verb, value: this.find("value").value, ...defined(this.of) });
      this.dialog.close();
      toast(said);
      if (GONE.includes(this.verb)) this.selection.clear();
      this.done();
    } catch (error) {
      this.find("do").disabled = false;
      this.wrong(error);
    }
  }

  /** Request after request until all is done: each works for some seconds. Closing the dialog ends it after that one. */
  async work(form) {
    const sum = { done: 0, refused: 0, why: "", word: "", left: 0 };
    for (let from = 0; ; ) {
      const told = JSON.parse(await post("/runs/bulk", { ...form, from }));
      sum.done += told.done;
      sum.refused += told.refused;
      sum.why ||= told.why;
      Object.assign(sum, { word: told.word, left: told.left });
      if (!told.left || !this.dialog.open) break;
      from = told.at;
      this.find("told").textContent = `${sentence(sum)} ${number(told.left)} left …`;
    }
    if (!sum.done && sum.why && !sum.left) throw new Error(sum.why);
    return sum.left ? `${sentence(sum)} ${number(sum.left)} were left as they were.` : sentence(sum);
  }

  wrong(error) {
    this.find("wrong").textContent = error.message;
    this.find("wrong").hidden = false;
  }

  async compare(event) {
    const { size } = this.selection.ids;
    if (size && this.together.length <= IN_A_URL) return;
    event.preventDefault();
    if (!size) return toast("Nothing is selected: the boxes of the rows, or x, select runs to compare.");
    try {
      this.go(this.compared(`sel=${await this.stored(this.together)}`));
    } catch (error) {
      report(error);
    }
  }

  async exportAs(kind, menu) {
    menu.hidePopover();
    try {
      const query = new URLSearchParams({ format: kind, ...defined(await this.target()) });
      for (const name of ["cols", "sort"]) if (getList(name).length) query.set(name, get(name));
      location.assign(`/runs/export?${query}`);
    } catch (error) {
      report(error);
    }
  }
}

const number = (count) => count.toLocaleString("en");

function sentence({ done, word, refused, why }) {
  const stayed = refused ? ` ${number(refused)} stayed as they were: ${why}` : "";
  return `${number(done)} ${done === 1 ? "run" : "runs"} ${word}.${stayed}`;
}

const defined = (fields) => Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== ""));
