// The filter's box: text, completion, where it is wrong; and chips and buttons that write the same text.
import { get, onChange, set } from "../urlstate.js";
import { Completion } from "./complete.js";
import { quoted } from "./words.js";

export class Filter {
  constructor() {
    const find = (name) => document.querySelector(`[data-filter${name}]`);
    this.input = document.querySelector("#filter");
    Object.assign(this, { mirror: find("-mirror"), told: find("-error"), hint: find("-hint"), empty: find("-clear") });
    this.completion = new Completion(this.input, find("-list"), {
      onError: (error) => this.wrong(error),
      onPicked: () => this.typed(),
    });
    find("-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.apply();
    });
    this.input.addEventListener("input", () => this.typed());
    this.input.addEventListener("scroll", () => (this.mirror.scrollLeft = this.input.scrollLeft));
    this.empty.addEventListener("click", () => {
      this.write("");
      this.input.focus();
    });
    document.addEventListener("click", (event) => this.click(event));
    onChange((names) => (!names || names.has("q")) && this.read());
    this.typed();
  }

  read() {
    if (this.input.value.trim() === get("q")) return this.typed();
    this.input.value = get("q");
    this.wrong(null);
    this.typed();
  }

  typed() {
    const { value } = this.input;
    this.empty.hidden = !value;
    this.hint.hidden = value.trim() === get("q");
    if (this.error && this.error.text !== value) this.wrong(null);
  }

  apply() {
    this.completion.close();
    const text = this.input.value.trim();
    if (this.input.value !== text) this.input.value = text;
    set({ q: text || null, state: null, tag: null, page: null, within: null }, { push: true });
    this.typed();
  }

  /** Another text, at once. */
  write(text) {
    this.input.value = text.trim();
    this.apply();
  }

  add(clause) {
    const text = this.input.value.trim();
    const several = /\bor\b/i.test(text.replace(/"(\\.|[^"\\])*"/g, "")); // both of it, not only its last half
    this.write(text ? `${several ? `(${text})` : text} ${clause}` : clause);
  }

  /** Underline what is wrong; say it below, where screen readers hear it. */
  wrong(error) {
    this.error = error && { ...error, text: this.input.value };
    this.input.ariaInvalid = String(Boolean(error));
    this.told.hidden = !error;
    this.told.textContent = error ? [error.detail, error.hint].filter(Boolean).map(sentence).join(" ") : "";
    if (!error) return this.mirror.replaceChildren();
    const { value } = this.input;
    const end = error.at + Math.max(error.length, 1);
    const mark = document.createElement("mark");
    mark.textContent = value.slice(error.at, end) || " ";
    this.mirror.replaceChildren(value.slice(0, error.at), mark, value.slice(end));
    this.mirror.scrollLeft = this.input.scrollLeft;
  }

  /** After the table came: what the server says of this filter. */
  show() {
    const at = document.querySelector("[data-error]")?.dataset;
    if (this.input.value.trim() !== get("q")) {
      if (document.activeElement !== this.input) this.read(); // a link led somewhere else
    } else {
      this.wrong(at ? { at: Number(at.at), length: Number(at.length), detail: at.detail, hint: at.hint } : null);
    }
    const chips = [...document.querySelectorAll("[data-chip]")].map((chip) => chip.dataset.chip.trim());
    for (const button of document.querySelectorAll("button[data-state]")) {
      button.ariaPressed = String(chips.includes(`state:${button.dataset.state}`));
    }
  }

  click(event) {
    const tag = event.target.closest("[data-field][data-value]");
    const state = event.target.closest("[data-state]:is(button)");
    const chip = event.target.closest("[data-chip-edit]")?.closest("[data-chip]");
    if (tag && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      this.add(`${tag.dataset.field}:${quoted(tag.dataset.value)}`);
    }
    if (state) this.toggleState(state);
    if (chip) {
      const at = Number(chip.dataset.at);
      this.input.focus();
      this.input.setSelectionRange(at, at + Number(chip.dataset.length));
    }
  }

  /** One state at a time: another takes the place of the one that stands there. */
  toggleState(button) {
    const other = [...document.querySelectorAll("[data-chip]")].find((chip) => /^state:[a-z]+$/.test(chip.dataset.chip));
    // The chips' places are those of the text that the server read.
    let text = new URLSearchParams(document.querySelector("[data-table-told]").dataset.query).get("q") ?? "";
    if (other) {
      const at = Number(other.dataset.at);
      text = `${text.slice(0, at)} ${text.slice(at + Number(other.dataset.length))}`.replace(/\s+/g, " ");
    }
    this.input.value = text.trim();
    if (button.ariaPressed === "true") this.apply();
    else this.add(`state:${button.dataset.state}`);
  }
}

const sentence = (text) => text[0].toUpperCase() + text.slice(1) + (/[.?!]$/.test(text) ? "" : ".");
