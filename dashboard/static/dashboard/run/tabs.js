// The parts of a run's page: one is on the screen, the address says which; the others are fetched when they are looked at.
import { get, onChange, set } from "../urlstate.js";

export class Tabs {
  /** `onShow(name)` is called for the part that is seen, at the beginning too. */
  constructor(root, { onShow }) {
    Object.assign(this, { root, onShow, first: root.dataset.tab, stale: new Set() });
    this.links = [...root.querySelectorAll("nav [data-tab-link]")];
    this.panels = new Map([...root.querySelectorAll("[data-tab-panel]")].map((panel) => [panel.dataset.tabPanel, panel]));
    for (const panel of this.panels.values()) if ("lazy" in panel.dataset) this.stale.add(panel);
    root.addEventListener("click", (event) => this.clicked(event));
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

  /** What was fetched is old now. */
  age() {
    for (const panel of this.panels.values()) if ("lazy" in panel.dataset) this.stale.add(panel);
    this.fetch();
  }

  fetch() {
    const panel = this.panels.get(this.name);
    if (!this.stale.delete(panel)) return;
    const url = panel.dataset.lazy;
    const tree = panel.querySelector("[data-preview-of]") && panel.querySelector(".tree-of-files");
    if (!tree) return window.htmx.ajax("GET", url, { target: panel, swap: "innerHTML" });
    // New files: the one that somebody looks at stays.
    const words = encodeURIComponent(panel.querySelector("input[name=find]")?.value ?? "");
    window.htmx.ajax("GET", `${url}${url.includes("?") ? "&" : "?"}find=${words}`, { target: tree, select: ".tree-of-files", swap: "outerHTML" });
  }

  /** Another attempt: addresses of the parts name it. */
  attempt(query) {
    for (const panel of this.panels.values()) {
      if (!("lazy" in panel.dataset)) continue;
      panel.dataset.lazy = panel.dataset.lazy.replace(/\?.*$/, query);
      panel.replaceChildren();
    }
    this.age();
  }
}
