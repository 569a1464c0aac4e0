// A run's log: its end first, earlier windows on demand, new output as it comes. Text nodes only (ansi.js).
import { lineElement, Terminal } from "./ansi.js";
import { bytes } from "./words.js";

const MOST_LINES = 6000; // in the document; older ones go, and can be loaded again
const NEAR = 24; // px from the end that still count as the end

export class Log {
  constructor(root, { attempt, live }) {
    const part = (name) => root.querySelector(`[data-log-${name}]`);
    Object.assign(this, { url: root.dataset.log, attempt, view: part("view"), lines: part("lines") });
    Object.assign(this, { earlier: part("earlier"), end: part("end"), toggle: part("follow"), size: part("size") });
    this.cursor = 0;
    this.first = 0;
    this.terminal = new Terminal();
    this.setFollow(live);
    this.toggle.addEventListener("click", () => this.setFollow(!this.following));
    this.end.addEventListener("click", () => this.setFollow(true));
    this.earlier.addEventListener("click", () => this.loadEarlier());
    this.view.addEventListener("scroll", () => this.scrolled(), { passive: true });
    part("wrap").addEventListener("click", (event) => {
      const wraps = !this.view.classList.toggle("no-wrap");
      event.currentTarget.ariaPressed = String(wraps);
    });
  }

  async fetchWindow(query) {
    const answer = await fetch(`${this.url}?attempt=${this.attempt}${query}`);
    if (!answer.ok) throw new Error(`log: ${answer.status}`);
    return answer.json();
  }

  /** The end of the log; follow() goes on from there. */
  async start() {
    if (!this.attempt) return this.showState(0);
    const part = await this.fetchWindow("");
    this.first = part.offset;
    this.cursor = part.end;
    this.write(part.text, part.offset);
    this.showState(part.size);
  }

  reset(attempt) {
    Object.assign(this, { attempt, cursor: 0, first: 0, terminal: new Terminal() });
    this.lines.replaceChildren();
    this.showState(0);
  }

  /** A push: {offset, end, size, skipped, text}. */
  push(message) {
    if (message.attempt !== this.attempt || message.end <= this.cursor) return;
    if (message.offset > this.cursor) {
      const gap = document.createElement("div");
      gap.className = "gap";
      gap.textContent = `${bytes(message.offset - this.cursor)} came too fast to show; the raw log has them`;
      this.lines.append(gap);
      this.terminal = new Terminal();
    }
    this.cursor = message.end;
    this.write(message.text, message.offset);
    this.showState(message.size);
  }

  write(text, offset) {
    const { lines, open } = this.terminal.write(text);
    this.lines.querySelector(".open")?.remove();
    const chunk = document.createElement("div");
    chunk.className = "chunk";
    chunk.dataset.offset = offset;
    chunk.append(...lines.map(lineElement));
    if (lines.length) this.lines.append(chunk);
    if (open.pieces.length) {
      const element = lineElement(open);
      element.classList.add("open");
      this.lines.append(element);
    }
    if (this.following) this.trim();
    this.toEnd();
  }

  trim() {
    let count = this.lines.querySelectorAll(".line").length;
    while (count > MOST_LINES && this.lines.children.length > 2) {
      const oldest = this.lines.firstElementChild;
      count -= oldest.classList.contains("chunk") ? oldest.children.length : 0;
      oldest.remove();
      this.first = Number(this.lines.querySelector(".chunk")?.dataset.offset ?? this.cursor);
    }
  }

  async loadEarlier() {
    this.earlier.disabled = true;
    try {
      const part = await this.fetchWindow(`&before=${this.first}`);
      const { lines, open } = new Terminal().write(part.text);
      const chunk = document.createElement("div");
      chunk.className = "chunk";
      chunk.dataset.offset = part.offset;
      chunk.append(...lines.map(lineElement), ...(open.pieces.length ? [lineElement(open)] : []));
      const below = this.view.scrollHeight - this.view.scrollTop;
      this.setFollow(false);
      this.lines.prepend(chunk);
      this.first = part.offset;
      this.view.scrollTop = this.view.scrollHeight - below;
      this.showState(part.size);
    } finally {
      this.earlier.disabled = false;
    }
  }

  showState(size) {
    this.earlier.hidden = this.first === 0;
    this.size.textContent = size ? bytes(size) : "no output yet";
    this.view.classList.toggle("short", size < 4096);
  }

  atEnd() {
    return this.view.scrollHeight - this.view.scrollTop - this.view.clientHeight < NEAR;
  }

  scrolled() {
    const up = this.view.scrollTop < (this.top ?? 0) - 2;
    this.top = this.view.scrollTop;
    if (up && this.following && !this.atEnd()) this.setFollow(false);
    this.end.hidden = this.atEnd();
  }

  setFollow(following) {
    this.following = following;
    this.toggle.ariaPressed = String(following);
    this.toEnd();
  }

  toEnd() {
    if (this.following) this.view.scrollTop = this.view.scrollHeight;
    this.top = this.view.scrollTop;
    this.end.hidden = this.atEnd();
  }
}
