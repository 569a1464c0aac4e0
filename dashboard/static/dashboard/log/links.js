// Links to lines: `#L120`, `#L120-L140`. A click on a number makes one, with Shift a range; both can be copied.
import { toast } from "../app.js";
import { count, counted } from "./plain.js";

const LINK = /^#L([1-9][0-9]{0,14})(?:-L?([1-9][0-9]{0,14}))?$/;
const MOST = 5000; // lines that are copied at once

export class Links {
  /** `show(range)` marks lines; `goto(line)`; `lines(first, count)` gives their texts. */
  constructor(root, { show, goto, lines }) {
    Object.assign(this, { show, goto, lines, range: null });
    this.bar = root.querySelector("[data-log-chosen]");
    this.told = root.querySelector("[data-log-chosen-told]");
    this.view = root.querySelector("[data-log-view]");
    this.view.addEventListener("click", (event) => this.clicked(event));
    root.querySelector("[data-log-copy]").addEventListener("click", () => this.copy());
    root.querySelector("[data-log-copy-link]").addEventListener("click", () => put(location.href, "The link is copied."));
    root.querySelector("[data-log-unchoose]").addEventListener("click", () => this.choose(null));
    addEventListener("hashchange", () => this.follow());
  }

  /** What the address names; whether it names lines. */
  follow() {
    const found = LINK.exec(location.hash);
    if (!found) return false;
    const [first, last] = [Number(found[1]), Number(found[2] ?? found[1])];
    this.range = [Math.min(first, last), Math.max(first, last)];
    this.tell();
    this.view.scrollIntoView({ block: "nearest" }); // on a phone it stands below the first screen
    this.goto(this.range[0]);
    return true;
  }

  clicked(event) {
    const number = event.target.closest("[data-number]");
    if (!number || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const line = Number(number.dataset.number);
    if (event.shiftKey && this.range) {
      getSelection().removeAllRanges();
      const start = this.start ?? this.range[0];
      this.choose([Math.min(start, line), Math.max(start, line)]);
    } else {
      this.start = line;
      this.choose([line, line]);
      put(location.href, "The link to this line is copied.");
    }
  }

  /** Another log is shown: what is chosen was of the one before. */
  forget() {
    if (this.range) this.choose(null);
  }

  choose(range) {
    this.range = range;
    const hash = range ? `#L${range[0]}${range[1] > range[0] ? `-L${range[1]}` : ""}` : "";
    history.replaceState(history.state, "", location.pathname + location.search + hash);
    this.tell();
  }

  tell() {
    const { range } = this;
    this.bar.hidden = !range;
    if (range) {
      const [first, last] = range.map(count);
      this.told.textContent = range[0] === range[1] ? `Line ${first}` : `Lines ${first} to ${last}`;
    }
    this.show(range);
  }

  async copy() {
    const [first, last] = this.range;
    const wanted = Math.min(last - first + 1, MOST);
    let texts;
    try {
      texts = await this.lines(first, wanted);
    } catch (error) {
      console.warn(error);
      return toast("The server did not answer: nothing is copied.", { error: true });
    }
    const less = wanted < last - first + 1 ? ` of ${count(last - first + 1)}; download has all` : "";
    put(`${texts.join("\n")}\n`, `${counted(texts.length, "line")} ${texts.length === 1 ? "is" : "are"} copied${less}.`);
    return undefined;
  }
}

async function put(text, told) {
  try {
    await navigator.clipboard.writeText(text);
    toast(told);
  } catch {
    // the address shows the link, and the browser's own copy works on what is selected
  }
}
