// Completion of the filter: a text box and a list below it, the way screen readers know it (combobox, listbox).
import { getJson } from "./ask.js";

const WAIT = 120; // ms of quiet typing before the server is asked

export class Completion {
  /** `onError(error or null)`: what is wrong with the text as it stands, and where. */
  constructor(input, list, { onError = () => {}, onPicked = () => {} } = {}) {
    Object.assign(this, { input, list, onError, onPicked, items: [], at: -1 });
    input.addEventListener("input", () => this.soon());
    input.addEventListener("keydown", (event) => this.key(event));
    input.addEventListener("blur", () => this.close());
    input.addEventListener("click", () => !input.value && this.ask());
    list.addEventListener("pointerdown", (event) => {
      const item = event.target.closest("[role=option]");
      event.preventDefault(); // the box keeps the focus
      if (item && this.isCurrent) this.pick(Number(item.dataset.index));
    });
  }

  get isOpen() {
    return !this.list.hidden;
  }

  /** What is offered is for the text as it stands, not for the one before the last key. */
  get isCurrent() {
    return this.isOpen && this.of === this.input.value;
  }

  soon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.ask(), WAIT);
  }

  async ask({ quietly = false } = {}) {
    clearTimeout(this.timer); // asked twice, it would take back what was gone to in the list
    const { value, selectionStart } = this.input;
    const query = new URLSearchParams({ q: value, at: selectionStart ?? value.length });
    this.asking?.abort();
    const mine = (this.asking = new AbortController());
    try {
      const found = await getJson(`/runs/complete.json?${query}`, { signal: mine.signal });
      if (this.input.value !== value) return;
      this.onError(value.trim() ? found.error : null);
      if (quietly || mine === this.dismissed) return;
      Object.assign(this, { span: [found.from, found.to], of: value });
      this.show(found.items);
    } catch (error) {
      if (error.name !== "AbortError") this.close(); // no completion: the filter works without
    }
  }

  show(items) {
    this.items = items;
    this.at = -1;
    this.list.replaceChildren(...items.map((item, index) => this.option(item, index)));
    if (document.activeElement !== this.input || !items.length) return this.close();
    this.list.hidden = false;
    this.input.ariaExpanded = "true";
    this.mark();
  }

  option(item, index) {
    const node = document.createElement("li");
    node.role = "option";
    node.id = `${this.list.id}-${index}`;
    node.dataset.index = index;
    node.dataset.kind = item.kind;
    node.ariaSelected = "false";
    const text = document.createElement("span");
    text.className = "code";
    text.textContent = item.text;
    const told = document.createElement("span");
    told.className = "soft small";
    told.textContent = item.told;
    node.append(text, " ", told);
    return node;
  }

  close() {
    clearTimeout(this.timer);
    this.dismissed = this.asking; // an answer on its way says what is wrong, and opens nothing
    this.list.hidden = true;
    this.at = -1;
    this.input.ariaExpanded = "false";
    this.input.removeAttribute("aria-activedescendant");
  }

  key(event) {
    if (event.isComposing) return;
    const deeds = {
      ArrowDown: () => (this.isCurrent ? this.move(1) : this.ask()),
      ArrowUp: () => this.isCurrent && this.move(-1),
      Enter: () => this.isCurrent && this.at >= 0 && this.pick(this.at),
      Tab: () => this.isCurrent && this.at >= 0 && this.pick(this.at),
      Escape: () => this.isOpen && this.close(),
    };
    if (!deeds[event.key] || deeds[event.key]() === false) return;
    event.preventDefault();
    event.stopPropagation();
    event.stopImmediatePropagation();
  }

  move(by) {
    const { length } = this.items;
    this.at = (this.at + by + length + (this.at < 0 && by < 0 ? 1 : 0)) % length;
    this.mark();
  }

  mark() {
    for (const node of this.list.children) node.ariaSelected = String(Number(node.dataset.index) === this.at);
    const active = this.list.children[this.at];
    if (!active) return this.input.removeAttribute("aria-activedescendant");
    this.input.setAttribute("aria-activedescendant", active.id);
    active.scrollIntoView({ block: "nearest" });
  }

  pick(index) {
    const [from, to] = this.span;
    const { value } = this.input;
    const { text } = this.items[index];
    const rest = value.slice(to);
    this.input.value = value.slice(0, from) + text + rest;
    const caret = from + text.length;
    this.input.setSelectionRange(caret, caret);
    this.close();
    this.onPicked();
    this.soon(); // a field asks for its operator, an operator for its values
  }
}
