// The menu of saved views: open, save, share, default, delete. The server says whether the page has changed since.
import { toast } from "../toast.js";
import { confirmed } from "../confirming.js";
import { get, onChange, set } from "../urlstate.js";
import { getJson, post, report } from "./ask.js";
import { hang, walk } from "./popover.js";

const NOT_SAVED = new Set(["view", "page", "upto", "after", "before"]); // where one was reading is no part of a view

/** The page's state as a view keeps it: all of the URL, charts and divider too. */
export function query(search = location.search) {
  const all = new URLSearchParams(search);
  for (const name of NOT_SAVED) all.delete(name);
  return all.toString();
}

const sorted = (text) => {
  const all = new URLSearchParams(text);
  all.sort();
  return all.toString();
};

export class Views {
  constructor({ table }) {
    this.table = table;
    this.menu = document.querySelector("[data-views-menu]");
    const find = (name) => this.menu.querySelector(`[data-view${name}]`);
    Object.assign(this, { list: find("s-list"), verbs: find("-verbs") });
    this.dialog = document.querySelector("[data-save-view]");
    walk(this.menu);
    find("-save").addEventListener("click", () => this.ask());
    this.dialog.querySelector("form").addEventListener("submit", (event) => this.save(event));
    document.addEventListener("click", (event) => {
      if (event.target.closest("[data-reset-view]")) this.reset(event);
    });
    onChange(() => this.mark());
    this.hang();
  }

  /** Changed since it was saved? Charts change without the table being fetched. */
  mark() {
    const { saved } = this.button?.dataset ?? {};
    const is = saved !== undefined && sorted(query(saved)) !== sorted(query());
    for (const node of document.querySelectorAll("[data-changed], [data-reset-view]")) node.hidden = !is;
  }

  /** The button comes anew with every table. */
  hang() {
    const button = document.querySelector("[data-views-open]");
    if (!button || button === this.button) return;
    this.button = button;
    this.mark();
    hang(this.menu, button, { onOpen: () => this.fill() });
  }

  async views() {
    const { views } = await getJson(`/views.json?${new URLSearchParams({ page: "runs", project: "" })}`);
    return views;
  }

  async fill() {
    try {
      const views = await this.views();
      const now = Number(get("view"));
      const links = views.map((view) => this.link(view, view.id === now));
      const none = document.createElement("p");
      none.className = "soft small";
      none.textContent = "None yet. A view keeps filter, columns, order, groups and charts under a name.";
      this.list.replaceChildren(...(links.length ? links : [none]));
      this.verbs.replaceChildren(...this.verbsOf(views.find(({ id }) => id === now)));
    } catch (error) {
      report(error);
    }
  }

  link(view, is) {
    const link = document.createElement("a");
    link.className = "item";
    link.href = `?${addressOf(view)}`;
    if (is) link.ariaCurrent = "true";
    const name = document.createElement("span");
    name.textContent = view.name;
    const told = document.createElement("span");
    told.className = "soft small";
    const marks = [view.is_default && "default", view.visibility === "project" && "shared", !view.mine && view.owner];
    told.textContent = marks.filter(Boolean).join(", ");
    link.append(name, told);
    link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.button) return;
      event.preventDefault();
      this.menu.hidePopover();
      this.open(view);
    });
    return link;
  }

  open(view) {
    const wish = new URLSearchParams(addressOf(view));
    const gone = [...new URLSearchParams(location.search).keys()].filter((name) => !wish.has(name));
    set({ ...Object.fromEntries(gone.map((name) => [name, null])), ...Object.fromEntries(wish) }, { push: true });
  }

  reset(event) {
    event.preventDefault();
    this.views()
      .then((views) => {
        const view = views.find(({ id }) => id === Number(get("view")));
        if (view) this.open(view);
      })
      .catch((error) => report(error));
  }

  verbsOf(view) {
    if (!view?.mine) return [];
    const change = (fields, said) => () => this.send(`/views/${view.id}/change`, fields, said);
    const shared = view.visibility === "project";
    return [
      verb(`Save changes to “${view.name}”`, () => this.send(`/views/${view.id}/change`, { query: query() }, "Saved.")),
      verb(shared ? "Keep it to myself" : "Share it", change({ visibility: shared ? "private" : "project", ...(shared ? { is_default: 0 } : {}) }, shared ? "Only you see it now." : "Everybody sees it now.")),
      verb(view.is_default ? "No longer the default" : "Make it the default", change({ is_default: view.is_default ? 0 : 1, ...(view.is_default ? {} : { visibility: "project" }) }, view.is_default ? "It is no longer the default." : "It is the default now, for everybody.")),
      verb("Delete it", () => this.delete(view)),
    ];
  }

  async delete(view) {
    this.menu.hidePopover();
    if (!(await confirmed(`This deletes the view “${view.name}”. The runs stay.`))) return;
    await this.send(`/views/${view.id}/delete`, {}, "Deleted.");
    set({ view: null });
  }

  async send(url, fields, said) {
    try {
      await post(url, fields);
      if (this.menu.matches(":popover-open")) this.menu.hidePopover();
      toast(said);
      this.table.load();
    } catch (error) {
      report(error);
    }
  }

  ask() {
    this.menu.hidePopover();
    this.dialog.querySelector("[data-save-wrong]").hidden = true;
    this.dialog.querySelector("[data-save-name]").value = "";
    this.dialog.showModal();
    this.dialog.querySelector("[data-save-name]").focus();
  }

  async save(event) {
    if (event.submitter?.value !== "yes") return;
    event.preventDefault();
    const form = event.target;
    const name = this.dialog.querySelector("[data-save-name]").value.trim();
    const visibility = form.elements.visibility.value;
    try {
      await post("/views", { page: "runs", project: "", name, visibility, query: query() });
      this.dialog.close();
      toast(`Saved as “${name}”.`);
      const made = (await this.views()).find((view) => view.mine && view.name === name);
      if (made) set({ view: made.id });
    } catch (error) {
      const box = this.dialog.querySelector("[data-save-wrong]");
      box.textContent = error.message;
      box.hidden = false;
    }
  }
}

const addressOf = (view) => `${view.query}${view.query ? "&" : ""}view=${view.id}`;

function verb(text, run) {
  const node = document.createElement("button");
  Object.assign(node, { type: "button", className: "item", textContent: text });
  node.addEventListener("click", run);
  return node;
}
