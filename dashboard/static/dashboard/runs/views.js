// The menu of saved views: open, save, share, default, delete. The server says whether the page has changed since.
import { toast } from "../toast.js";
import { confirmed } from "../confirming.js";
import { addRule, get, onChange, set } from "../urlstate.js";
import { getJson, post, report } from "./ask.js";
import { hang, place, walk } from "./popover.js";

const NOT_SAVED = new Set(["view", "page", "upto", "after", "before"]); // where one was reading is no part of a view
const NO_VIEW = "none";

const NONE = "None yet. A view keeps filter, columns, order, groups and charts under a name.";

/** What says nothing, or nothing but a project, opens the default when it is loaded again; this page is another one. */
export function stay(query) {
  const names = [...query.keys()].filter((name) => name !== "q" && !(name === "view" && query.get(name) === NO_VIEW));
  const text = query.get("q") ?? "";
  if (!names.length && (!text || /project/i.test(text))) query.set("view", NO_VIEW);
  else if (query.get("view") === NO_VIEW) query.delete("view");
}

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
  /** `go(address)` opens the page as a view has it; `hasDefault`: one of them can be what the page shows at first. */
  constructor({ table, page = "runs", none = NONE, hasDefault = true, go = opened }) {
    Object.assign(this, { table, page, none, hasDefault, go });
    this.menu = document.querySelector("[data-views-menu]");
    const find = (name) => this.menu.querySelector(`[data-view${name}]`);
    Object.assign(this, { list: find("s-list"), verbs: find("-verbs") });
    this.dialog = document.querySelector("[data-save-view]");
    walk(this.menu);
    find("-save").addEventListener("click", () => this.ask());
    this.dialog.querySelector("form").addEventListener("submit", (event) => this.save(event));
    document.addEventListener("click", (event) => event.target.closest?.("[data-reset-view]") && this.reset(event), true);
    onChange(() => this.mark());
    if (hasDefault) addRule(stay);
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

  /** The project that the filter names, as the server read it. */
  get project() {
    return this.button.dataset.project ?? "";
  }

  views() {
    return getJson(`/views.json?${new URLSearchParams({ page: this.page, project: this.project, view: get("view") })}`);
  }

  async fill() {
    try {
      const { views, elsewhere } = await this.views();
      const now = Number(get("view"));
      const lines = views.map((view) => this.link(view, view.id === now));
      if (!lines.length) lines.push(quiet(this.none));
      const others = `${elsewhere} more in ${this.project ? "other " : ""}projects: filter by project:… to see them.`;
      if (elsewhere) lines.push(quiet(others));
      this.list.replaceChildren(...lines);
      this.verbs.replaceChildren(...this.verbsOf(views.find(({ id }) => id === now)));
      place(this.menu, this.button);
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
    const of = view.project ? `project ${view.project}` : this.project && "all projects";
    const marks = [of, view.is_default && "default", view.visibility === "project" && "shared", !view.mine && view.owner];
    told.textContent = marks.filter(Boolean).join(", ");
    link.append(name, told);
    link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.button) return;
      event.preventDefault();
      this.menu.hidePopover();
      this.go(addressOf(view));
    });
    return link;
  }

  reset(event) {
    if (event.ctrlKey || event.metaKey || event.button) return;
    event.preventDefault();
    event.stopPropagation(); // the table would follow the link, too, and leave the charts as they are
    this.go(this.button.dataset.saved);
  }

  verbsOf(view) {
    if (!view?.mine) return [];
    const change = (fields, said) => () => this.send(`/views/${view.id}/change`, fields, said);
    const shared = view.visibility === "project";
    const of = view.project ? ` of ${view.project}` : "";
    const verbs = [
      verb(`Save changes to “${view.name}”`, () => this.send(`/views/${view.id}/change`, { query: query() }, "Saved.")),
      verb("Rename it …", () => this.ask(view)),
      shared
        ? verb("Keep it to myself", change({ visibility: "private", is_default: 0 }, "Only you see it now."))
        : verb("Share it", change({ visibility: "project" }, "Everybody sees it now.")),
      verb("Delete it", () => this.delete(view)),
    ];
    const as = view.is_default
      ? verb(`No longer the default${of}`, change({ is_default: 0 }, "It is no longer the default."))
      : verb(`Make it the default${of}`, change({ is_default: 1, visibility: "project" }, `It is the default${of} now, for everybody.`));
    return this.hasDefault ? verbs.toSpliced(-1, 0, as) : verbs;
  }

  async delete(view) {
    this.menu.hidePopover();
    if (!(await confirmed(`This deletes the view “${view.name}”. The runs stay.`))) return;
    await this.send(`/views/${view.id}/delete`, {}, "Deleted.", () => set({ view: null }));
  }

  async send(url, fields, said, after = () => this.table.load()) {
    try {
      await post(url, fields);
      if (this.menu.matches(":popover-open")) this.menu.hidePopover();
      toast(said);
      after();
    } catch (error) {
      report(error);
    }
  }

  /** The dialog: for a new view, or for another name of one. */
  ask(view = null) {
    this.menu.hidePopover();
    this.renamed = view;
    const find = (name) => this.dialog.querySelector(name);
    find("h2").textContent = view ? `Rename “${view.name}”` : "Save this view";
    find("[data-save-wrong]").hidden = true;
    find("[data-save-name]").value = view?.name ?? "";
    find("fieldset").hidden = Boolean(view);
    const of = find("[data-save-project]");
    of.hidden = Boolean(view) || !this.project;
    of.textContent = `It belongs to the project ${this.project}, and is offered where the filter names that.`;
    this.dialog.showModal();
    find("[data-save-name]").select();
  }

  async save(event) {
    if (event.submitter?.value !== "yes") return;
    event.preventDefault();
    const name = this.dialog.querySelector("[data-save-name]").value.trim();
    try {
      const made = this.renamed ? null : await this.make(name, event.target.elements.visibility.value);
      if (this.renamed) await post(`/views/${this.renamed.id}/change`, { name });
      this.dialog.close();
      toast(this.renamed ? `It is called “${name}” now.` : `Saved as “${name}”.`);
      if (this.renamed) this.table.load();
      else if (made) set({ view: made.id });
    } catch (error) {
      const box = this.dialog.querySelector("[data-save-wrong]");
      box.textContent = error.message;
      box.hidden = false;
    }
  }

  /** A new view, as the server lists it. */
  async make(name, visibility) {
    const { project } = this;
    await post("/views", { page: this.page, project, name, visibility, query: query() });
    const { views } = await this.views();
    return views.find((view) => view.mine && view.name === name && sameProject(view.project, project));
  }
}

/** The page's address becomes that one, without leaving the page. */
function opened(address) {
  const wish = new URLSearchParams(address);
  const gone = [...new URLSearchParams(location.search).keys()].filter((name) => !wish.has(name));
  set({ ...Object.fromEntries(gone.map((name) => [name, null])), ...Object.fromEntries(wish) }, { push: true });
}

const addressOf = (view) => `${view.query}${view.query ? "&" : ""}view=${view.id}`;

const sameProject = (one, other) => one.toLowerCase() === other.toLowerCase();

function quiet(text) {
  const node = document.createElement("p");
  Object.assign(node, { className: "soft small", textContent: text });
  return node;
}

function verb(text, run) {
  const node = document.createElement("button");
  Object.assign(node, { type: "button", className: "item", textContent: text });
  node.addEventListener("click", run);
  return node;
}
