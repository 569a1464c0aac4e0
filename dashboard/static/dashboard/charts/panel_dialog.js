// The question which metrics a chart of several has: found by their names, or by a pattern whose matches are taken live.
import { element, home } from "./elements.js";
import { finder } from "./finding.js";
import { METRICS_AT_MOST, nextNumber, PANELS_AT_MOST } from "./panels.js";
import { MINE } from "./shelf.js";

const LISTED = 60;

export class PanelDialog {
  constructor(board) {
    Object.assign(this, { board, keys: [], patterns: [] });
    this.build();
    this.clicked = (event) => event.target.closest("[data-add-chart]") && this.open();
    board.root.addEventListener("click", this.clicked);
  }

  build() {
    const field = (attributes) => element("input", { autocomplete: "off", maxlength: "200", ...attributes });
    const button = (text, attributes = {}) => element("button", { class: "button", type: "button", ...attributes }, text);
    this.heading = element("h2", { id: "panel-heading" });
    this.title = field({ type: "text", placeholder: "as its metrics are called" });
    this.find = field({ type: "search", placeholder: "train/loss, or a pattern: .*/loss", maxlength: "100" });
    this.found = element("div", { class: "panel-found", role: "group", "aria-label": "Metrics found", tabindex: "0" });
    this.told = element("p", { class: "soft small", role: "status" });
    this.take = button("Draw all that match", { class: "button slim", title: "Those that are logged later, too" });
    this.chosen = element("ul", { class: "panel-chosen", "aria-label": "Metrics of the chart" });
    this.wide = element("input", { type: "checkbox" });
    this.wrong = element("p", { class: "wrong small", role: "alert" });
    this.save = button("", { class: "button main", type: "submit" });
    const cancel = button("Cancel");
    const form = element("form", { method: "dialog" }, [
      this.heading,
      element("label", {}, ["Title ", this.title]),
      element("label", {}, ["Metrics ", this.find]),
      this.found,
      element("p", { class: "panel-take" }, [this.told, this.take]),
      this.chosen,
      element("label", { class: "check" }, [this.wide, " Wide: the whole row"]),
      this.wrong,
      element("p", { class: "buttons" }, [cancel, this.save]),
    ]);
    this.dialog = element("dialog", { class: "panel-dialog", "aria-labelledby": "panel-heading", "data-panel-dialog": "" }, form);
    cancel.addEventListener("click", () => this.dialog.close());
    this.find.addEventListener("input", () => this.list());
    this.find.addEventListener("keydown", (event) => event.key === "Enter" && this.first(event));
    this.take.addEventListener("click", () => this.add("patterns", this.find.value.trim()));
    form.addEventListener("submit", (event) => this.submit(event));
    home().append(this.dialog);
  }

  /** For a new chart, or for one that is there. */
  open(panel = null) {
    this.panel = panel;
    Object.assign(this, { keys: [...(panel?.keys ?? [])], patterns: [...(panel?.patterns ?? [])] });
    this.heading.textContent = panel ? "Edit the chart" : "Add a chart";
    this.save.textContent = panel ? "Save" : "Add chart";
    this.title.value = panel?.title ?? "";
    this.wide.checked = panel?.wide ?? false;
    this.find.value = "";
    const full = !panel && this.board.settings.panels.length >= PANELS_AT_MOST;
    this.wrong.textContent = full ? `There are ${PANELS_AT_MOST} charts already, the most that there may be: remove one first.` : "";
    this.save.disabled = full;
    this.show();
    this.dialog.showModal();
    this.find.focus();
  }

  show() {
    this.list();
    const chip = (name, told) => {
      const drop = element("button", { class: "button slim", type: "button", "aria-label": `Remove ${told}` }, [element("span", {}, told), " ×"]);
      drop.addEventListener("click", () => this.drop(name, told));
      return element("li", {}, drop);
    };
    this.chosen.replaceChildren(...this.keys.map((key) => chip("keys", key)), ...this.patterns.map((pattern) => chip("patterns", pattern)));
  }

  /** The metrics that are found, with those that are chosen checked. */
  list() {
    const { test, isLiteral } = finder(this.find.value);
    const all = this.board.metrics.filter(test);
    this.matching = all;
    this.found.replaceChildren(...all.slice(0, LISTED).map((key) => this.choice(key)));
    this.take.hidden = isLiteral;
    const more = all.length - LISTED;
    this.told.textContent = `${all.length} metric${all.length === 1 ? "" : "s"}${more > 0 ? `, ${more} of them not listed: search for them` : ""}`;
  }

  choice(key) {
    const box = element("input", { type: "checkbox", checked: this.keys.includes(key) });
    box.addEventListener("change", () => {
      if (box.checked) box.checked = this.add("keys", key);
      else this.drop("keys", key);
    });
    return element("label", { class: "check" }, [box, " ", key]);
  }

  /** Enter takes what stands first. */
  first(event) {
    event.preventDefault();
    const key = this.find.value.trim() && this.matching.find((each) => !this.keys.includes(each));
    if (key) this.add("keys", key);
  }

  add(name, told) {
    if (!told || this[name].includes(told)) return true;
    const full = this.keys.length + this.patterns.length >= METRICS_AT_MOST;
    this.wrong.textContent = full ? `A chart has at most ${METRICS_AT_MOST} metrics and patterns.` : "";
    if (full) return false;
    this[name].push(told);
    this.rest();
    return true;
  }

  drop(name, told) {
    this[name] = this[name].filter((each) => each !== told);
    this.wrong.textContent = "";
    this.rest();
  }

  /** Shown anew, with the focus where it was: on the box of the same metric, or else where one searches. */
  rest() {
    const key = document.activeElement.closest?.(".panel-found label")?.textContent.trim();
    this.show();
    const again = [...this.found.children].find((label) => label.textContent.trim() === key);
    (again?.querySelector("input") ?? this.find).focus();
  }

  submit(event) {
    if (!this.keys.length && !this.patterns.length) {
      event.preventDefault();
      this.wrong.textContent = "Choose a metric first, or a pattern.";
      return;
    }
    const { settings } = this.board;
    const { number } = this.panel ?? { number: nextNumber(settings.panels) };
    const made = { number, name: `panel:${number}`, title: this.title.value.trim(), wide: this.wide.checked, keys: this.keys, patterns: this.patterns };
    settings.setPanels(this.panel ? settings.panels.map((each) => (each.number === number ? made : each)) : [...settings.panels, made]);
    if (!this.panel) this.board.root.querySelector(`[data-section="${MINE}"]`)?.scrollIntoView({ block: "nearest" });
  }

  destroy() {
    this.board.root.removeEventListener("click", this.clicked);
    this.dialog.remove();
  }
}
