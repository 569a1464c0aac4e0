// The parts of a run's page: one is on the screen, the address says which; the others are fetched when they are looked at.
import { forget } from "../live.js";
import { fresh, stale } from "../stale.js";
import { get, onChange, set } from "../urlstate.js";
import { button, element } from "./elements.js";

export class Tabs {
  /** `onShow(name)` is called for the part that is seen, at the beginning too. */
  constructor(root, { onShow }) {
    Object.assign(this, { root, onShow, first: root.dataset.tab, stale: new Set() });
    this.links = [...root.querySelectorAll("nav [data-tab-link]")];
    this.panels = new Map([...root.querySelectorAll("[data-tab-panel]")].map((panel) => [panel.dataset.tabPanel, panel]));
    for (const panel of this.panels.values()) if ("lazy" in panel.dataset) this.stale.add(panel);
    root.addEventListener("click", (event) => this.clicked(event));
    document.body.addEventListener("htmx:afterRequest", ({ detail }) => this.answered(detail));
    onChange((names) => (names === null || names.has("tab")) && this.show(this.wanted));
    this.show(this.wanted);
  }

  get wanted() {
    const name = get("tab");
    return this.panels.has(name) ? name : this.first;
  }

  clicked(event) {
    const link = event.target.closest("[data-tab-link]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    this.open(link.dataset.tabLink);
  }

  /** Go there, as a step that Back undoes. */
  open(name) {
    set({ tab: name }, { push: true });
    this.show(name);
  }

  show(name) {
    this.name = this.root.dataset.tab = name;
    for (const link of this.links) {
      if (link.dataset.tabLink === name) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    for (const [each, panel] of this.panels) panel.hidden = each !== name;
    this.fetch();
    this.onShow(name);
  }

  /** How much is in a part, as what came last from the server has it. */
  count() {
    for (const shown of this.root.querySelectorAll("[data-tab-count]")) {
      const { tabCount } = shown.dataset;
      const told = this.root.querySelector(`[data-count-${tabCount}]`)?.getAttribute(`data-count-${tabCount}`);
      if (told !== undefined && shown.textContent !== told) shown.textContent = told;
    }
  }

  /** What was fetched is old now. */
  age() {
    for (const panel of this.panels.values()) if ("lazy" in panel.dataset) this.stale.add(panel);
    this.fetch();
  }

  fetch() {
    const panel = this.panels.get(this.name);
    if (!this.stale.delete(panel)) return;
    const tree = panel.querySelector(".tree-of-files");
    const [url, how] = tree ? this.list(panel, tree) : [panel.dataset.lazy, { target: panel, swap: "innerHTML" }];
    window.htmx.ajax("GET", url, { source: panel, ...how }).catch(() => {}); // answered() hears of it
  }

  /**
   * New files: what somebody looks at, looks for and has unfolded stays. They go where the answer to a search goes, which
   * waits for this one (hx-sync), so that the list is always of the words that were typed last.
   */
  list(panel, tree) {
    const url = new URL(panel.dataset.lazy, location.href);
    url.searchParams.set("find", panel.querySelector("input[name=find]")?.value ?? "");
    if ("all" in tree.dataset) url.searchParams.set("all", "1");
    return [url.pathname + url.search, { target: tree.parentElement, select: ".tree-of-files", swap: "innerHTML" }];
  }

  /** What could not be had is asked for again when the part is looked at again, or when somebody says so. */
  answered({ elt: panel, successful }) {
    if (!("lazy" in (panel.dataset ?? {})) || !this.panels.has(panel.dataset.tabPanel)) return;
    if (successful) return fresh(panel);
    this.stale.add(panel);
    forget(panel);
    if (panel.children.length && !panel.querySelector("[data-not-loaded]")) return stale(panel);
    panel.replaceChildren(element("p", { class: "warned", role: "status", "data-not-loaded": "" }, element("span", {}, "This could not be loaded."), button("Try again", () => this.fetch())));
  }

  /** Another attempt: addresses of the parts name it. */
  attempt(query) {
    for (const panel of this.panels.values()) {
      if (!("lazy" in panel.dataset)) continue;
      panel.dataset.lazy = panel.dataset.lazy.replace(/\?.*$/, query);
      panel.replaceChildren();
      forget(panel);
    }
    this.age();
  }
}
