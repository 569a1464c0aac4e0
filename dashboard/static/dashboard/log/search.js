// Search through the whole log, on the server; its hits as a list, one after the other in the log.
import { marked } from "./marking.js";
import { count } from "./plain.js";

const WAIT = 250; // ms without a key
const EVERY = 15000; // ms between two searches of a log that grows, or longer where one takes long

export class Search {
  /**
   * `onHits({numbers, total, wanted, question, current, lines})` when what is marked changes: lines, of how many; a text, or else
   * the question; the line that one is at; how many lines were searched. `goto(line)`; `here()` is the line that the reader is at;
   * `within()` what only some lines are looked through for, as a part of the query.
   */
  constructor(root, { url, attempt, onHits, goto, here, within = () => "" }) {
    const part = (name) => root.querySelector(`[data-log-${name}]`);
    Object.assign(this, { url, attempt, onHits, goto, here, within });
    Object.assign(this, { field: part("search"), regex: part("regex"), matchCase: part("case"), told: part("told") });
    Object.assign(this, { box: part("hits"), list: part("hit-list"), errors: part("errors"), tools: part("tools") });
    this.who = Math.random().toString(36).slice(2); // the server ends what this page asked before
    this.clear();
    this.field.addEventListener("input", () => this.soon());
    this.field.addEventListener("keydown", (event) => this.key(event));
    for (const toggle of [this.regex, this.matchCase, this.errors]) {
      toggle.addEventListener("click", () => {
        toggle.ariaPressed = String(toggle.ariaPressed !== "true");
        if (toggle === this.errors) this.field.value = ""; // one thing is looked for at a time
        this.run({ jump: true });
      });
    }
    part("previous").addEventListener("click", () => this.step(-1));
    part("next").addEventListener("click", () => this.step(1));
    part("list").addEventListener("click", (event) => {
      this.box.hidden = !this.box.hidden;
      event.currentTarget.ariaExpanded = String(!this.box.hidden);
    });
    this.list.addEventListener("click", (event) => {
      const hit = event.target.closest("[data-hit]");
      if (hit) this.show(this.numbers.indexOf(Number(hit.dataset.hit)));
    });
  }

  clear() {
    Object.assign(this, { numbers: [], total: 0, before: 0, at: -1, complete: true, lines: 0 });
  }

  /** Another log is shown now: nothing of the one before holds. */
  forget(attempt) {
    for (const timer of [this.timer, this.again]) clearTimeout(timer);
    this.abort?.abort();
    Object.assign(this, { attempt, answered: null, again: undefined, grown: 0, took: 0, searching: false });
    this.clear();
    this.tell("");
  }

  /** The log has `lines` lines by now: what is looked for may be in the new ones. */
  grew(lines) {
    this.grown = lines;
    if (!this.isStale()) return;
    this.again ??= setTimeout(() => {
      this.again = undefined;
      if (!document.hidden && this.isStale()) this.run({ near: this.near, quiet: true });
    }, Math.max(EVERY, 10 * this.took));
  }

  /** Whether there is an answer, and it is older than the log; one that time ended would come no further. */
  isStale() {
    if (this.searching || !this.complete || !this.lines || this.grown <= this.lines) return false;
    return Boolean(this.answered) && this.answered === this.question();
  }

  key(event) {
    if (event.key === "Enter") {
      event.preventDefault();
      clearTimeout(this.timer);
      this.typed();
      const asked = this.question();
      if (asked !== this.answered) this.run({ jump: true });
      else this.step(event.shiftKey ? -1 : 1);
    } else if (event.key === "Escape" && this.field.value) {
      event.stopPropagation();
      this.field.value = "";
      this.run({});
    }
  }

  /** Who types looks for that, no longer for errors. */
  typed() {
    if (this.field.value) this.errors.ariaPressed = "false";
  }

  soon() {
    this.typed();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.run({ jump: true }), WAIT);
  }

  /** What is looked for, as a query. */
  question() {
    const on = (toggle) => toggle.ariaPressed === "true";
    if (on(this.errors)) return `kind=errors${this.within()}`;
    const text = this.field.value;
    const kind = on(this.regex) ? "regex" : "text";
    return text ? `q=${encodeURIComponent(text)}&kind=${kind}&case=${on(this.matchCase) ? 1 : 0}${this.within()}` : "";
  }

  /** `quiet`: nobody asked for it, the log has grown; the hit that one is at, and the list, stay. */
  async run({ jump = false, near = this.here(), quiet = false }) {
    clearTimeout(this.timer);
    const asked = this.question();
    const current = quiet ? this.numbers[this.at] : undefined;
    Object.assign(this, { answered: asked, near });
    this.abort?.abort();
    const mine = (this.abort = new AbortController());
    this.searching = Boolean(asked);
    if (!asked) {
      this.clear();
      return this.tell("");
    }
    if (!quiet) this.told.textContent = "searching…";
    try {
      const { signal } = mine;
      const began = performance.now();
      const answer = await fetch(`${this.url}?attempt=${this.attempt}&near=${near}&who=${this.who}&${asked}`, { signal });
      const found = await answer.json();
      if (!answer.ok && !found.refused) throw new Error(`search: ${answer.status}`);
      if (signal.aborted) return;
      this.took = performance.now() - began;
      if (found.refused) {
        if (quiet) return;
        this.clear();
        return this.tell(found.refused, { wrong: true });
      }
      Object.assign(this, { numbers: found.numbers, total: found.total, before: found.before, lines: found.count });
      Object.assign(this, { complete: found.complete, searched: found.searched, at: found.numbers.indexOf(current) });
      this.fill(found.hits);
      this.tell();
      if (jump && this.numbers.length) {
        const next = this.numbers.findIndex((line) => line >= near);
        this.show(next === -1 ? this.numbers.length - 1 : next);
      }
    } catch (error) {
      if (error.name !== "AbortError" && !quiet) this.unanswered();
    } finally {
      if (this.abort === mine) this.searching = false;
      this.grew(this.grown);
    }
  }

  unanswered() {
    this.answered = null; // or Enter would step through the hits of what was looked for before
    this.clear();
    this.tell("the server did not answer; press Enter to try again", { wrong: true });
  }

  tell(text, { wrong = false } = {}) {
    this.told.classList.toggle("wrong", wrong);
    this.tools.classList.toggle("asked", Boolean(this.question()));
    this.field.setAttribute("aria-invalid", String(wrong));
    if (text !== undefined) {
      this.told.textContent = text;
      this.list.replaceChildren();
      return this.mark();
    }
    const place = this.at >= 0 ? `${count(this.before + this.at + 1)} of ` : "";
    const rest = this.complete ? "" : `, up to line ${count(this.searched)}: the time for one search was over`;
    this.told.textContent = this.total ? `${place}${count(this.total)}${rest}` : `no hit${rest}`;
    this.mark();
  }

  mark() {
    const question = this.total ? this.question() : "";
    const isText = question.includes("kind=text");
    const wanted = isText ? { text: this.field.value, case: this.matchCase.ariaPressed === "true" } : null;
    const { numbers, total, lines } = this;
    this.onHits({ numbers, total, wanted, question, lines, current: numbers[this.at] });
  }

  /** Go to the next hit, or the one before; behind the last comes the first, unless the log has grown a new one. */
  async step(by) {
    if (!this.question()) return this.field.focus();
    if (!this.numbers.length && this.isStale()) await this.run({ near: this.near, quiet: true });
    if (!this.numbers.length) return undefined;
    const next = this.at === -1 ? (by > 0 ? 0 : this.numbers.length - 1) : this.at + by;
    if (next >= 0 && next < this.numbers.length) return this.show(next);
    const behind = this.before + this.numbers.length < this.total;
    const last = this.numbers.at(-1);
    if (next < 0) {
      if (this.before) {
        const near = this.numbers[0];
        await this.run({ near });
        return this.show(this.numbers.findLastIndex((line) => line < near));
      }
      if (behind) await this.run({ near: Number.MAX_SAFE_INTEGER });
      return this.show(this.numbers.length - 1);
    }
    if (behind || this.isStale()) {
      await this.run({ near: last + 1, quiet: !behind });
      const later = this.numbers.findIndex((line) => line > last);
      if (behind || later !== -1) return this.show(later);
    }
    if (this.before) await this.run({ near: 1 });
    return this.show(0);
  }

  show(at) {
    if (at < 0 || at >= this.numbers.length) return;
    this.at = at;
    this.tell();
    this.goto(this.numbers[at]);
    this.point()?.scrollIntoView({ block: "nearest" });
  }

  /** The hit that one is at, in the list. */
  point() {
    let found;
    for (const hit of this.list.children) {
      const current = this.at >= 0 && Number(hit.dataset.hit) === this.numbers[this.at];
      if (current) hit.setAttribute("aria-current", "true");
      else hit.removeAttribute("aria-current");
      if (current) found = hit;
    }
    return found;
  }

  fill(hits) {
    const { scrollTop } = this.list;
    const focused = this.list.contains(document.activeElement) ? document.activeElement.dataset.hit : undefined;
    this.list.replaceChildren(...hits.map(hitElement));
    if (hits.length < this.total) {
      const more = document.createElement("p");
      more.className = "soft small";
      more.textContent = `${count(hits.length)} of ${count(this.total)} hits are listed; next and previous reach all of them.`;
      this.list.append(more);
    }
    this.point();
    this.list.scrollTop = scrollTop;
    if (focused) this.list.querySelector(`[data-hit="${focused}"]`)?.focus({ preventScroll: true });
  }
}

function hitElement({ line, text, spans, above, below }) {
  const element = document.createElement("button");
  element.type = "button";
  element.className = "log-hit";
  element.dataset.hit = line;
  const places = spans.map(([at, length]) => [at, at + length]);
  for (const each of above) element.append(rowOfHit("soft", "", each));
  element.append(rowOfHit("", count(line), text, places));
  for (const each of below) element.append(rowOfHit("soft", "", each));
  return element;
}

function rowOfHit(kind, number, text, places = []) {
  const row = part("span", `row ${kind}`);
  const inner = part("span", "text");
  inner.append(marked(text || " ", places));
  row.append(part("span", "no", number), inner);
  return row;
}

function part(tag, name, text = "") {
  const element = document.createElement(tag);
  element.className = name;
  element.textContent = text;
  return element;
}
