// The log of a run: opens at its end, follows what comes, and shows any of its lines without having them all.
import { bytes } from "../words.js";
import { arrange, steady } from "./arrange.js";
import { Folds } from "./folds.js";
import { Geometry } from "./geometry.js";
import { Links } from "./links.js";
import { List } from "./list.js";
import { Spans } from "./marking.js";
import { opened } from "./opening.js";
import { Options } from "./options.js";
import { Pages } from "./pages.js";
import { counted } from "./plain.js";
import { Ranks } from "./ranks.js";
import { Room } from "./room.js";
import { Search } from "./search.js";
import { Strip } from "./strip.js";
import { Survey } from "./survey.js";
import { Toolbar } from "./toolbar.js";

const AGAIN = 3000; // ms until the beginning is tried again
const TYPING = "input, textarea, select, [contenteditable]";

export class LogViewer {
  /** `root`: the section of _log.html. `live`: the run may still write. `onMisfit`: ask for what is behind `cursor`. */
  constructor(root, { run, attempt, live, onMisfit }) {
    Object.assign(this, { root, attempt, live, onMisfit, base: `/runs/${encodeURIComponent(run)}/log/` });
    this.part = (name) => root.querySelector(`[data-log-${name}]`);
    this.options = new Options(root, (name) => this.optionChanged(name));
    this.geometry = new Geometry();
    this.spans = new Spans(`${this.base}spans`, { rawOf: (line) => this.pages.rawOf(line), onCome: () => this.look({}) });
    this.lookOf = { version: 0, marks: new Set(), wanted: null, chosen: null, current: null, spans: this.spans };
    this.list = new List(this.part("view"), this, { onScroll: (up, sized) => this.scrolled(up, sized) });
    this.ranks = new Ranks(this, { onChoose: () => this.rankChosen() });
    const goto = (line) => this.goto(line);
    const within = () => this.ranks.query;
    this.search = new Search(root, { url: `${this.base}search`, attempt, goto, within, onHits: (found) => this.found(found), here: () => this.list.anchor().line });
    const lines = async (first, wanted) => (await this.pages.texts(first, wanted)).filter((text) => this.ranks.shows(text));
    this.links = new Links(root, { show: (chosen) => this.look({ chosen }), goto, lines });
    this.strip = new Strip(this.part("strip"), { goto: (line) => this.goto(line, line, { near: true }) });
    this.survey = new Survey(this);
    this.room = new Room(root, this.part("body"));
    this.toolbar = new Toolbar(this);
    this.begin(attempt);
    this.setLive(live);
    this.setFollow(live);
    this.sized();
    this.part("view").addEventListener("click", (event) => opened(this, event));
    document.addEventListener("visibilitychange", () => !document.hidden && this.list.later());
  }

  begin(attempt) {
    this.attempt = attempt;
    this.search.forget(attempt);
    this.folds = new Folds();
    this.folds.arrange();
    this.ranks.forget();
    this.openedKeys = new Set();
    this.fresh = 0;
    this.ready = false;
    this.unreadable = "";
    this.geometry.clear();
    this.pages = new Pages(`${this.base}lines`, {
      attempt,
      onChange: () => this.arrived(),
      onTrouble: (error) => this.say(error ? "The server does not answer; lines that are missing come as soon as it does." : ""),
    });
    this.versions = new Map();
    this.shape();
  }

  /** Lines came that were asked for: now it is known how high their rows are. */
  arrived() {
    this.list.hear(); // whoever scrolled meanwhile does not want the line that was gone to
    if (this.target && !this.target.near) this.ranks.reveal(this.target.line);
    if (this.target) this.list.toLine(this.target.line, this.target.until);
    else if (this.following && this.ready) this.list.toEnd();
    else this.list.later();
  }

  /** Bytes that are here; null before the end of the log is: then nothing is to be pushed. */
  get cursor() {
    return this.ready ? this.pages.cursor : null;
  }

  /** Show the end, or what the address asks for, or where the run failed. Resolves once that is there. */
  async start() {
    const { pages } = this;
    for (;;) {
      try {
        const part = this.attempt ? await pages.start() : null;
        if (pages !== this.pages) return;
        this.pages.began = part?.began ?? null;
        this.unreadable = part?.unreadable ?? "";
        if (this.unreadable) return this.empty(this.unreadable);
        break;
      } catch (error) {
        console.warn(error);
        this.say("The server does not answer; trying again.");
        await new Promise((done) => setTimeout(done, AGAIN));
        if (pages !== this.pages) return;
      }
    }
    this.ready = true;
    this.say("");
    this.showState();
    this.list.toEnd();
    this.room.bring();
    const asked = this.links.follow();
    this.survey.run({ open: !asked && !this.ranks.chosen }); // takes its time
    if (this.search.question()) this.search.run({});
  }

  /** Another attempt is to be shown; `start` then shows it. */
  reset(attempt) {
    this.links.forget();
    this.begin(attempt);
    this.strip.take([], 0);
    this.setLive(true);
    this.setFollow(true);
    this.list.draw();
  }

  /** Keys go to the list, unless somebody types. */
  focus() {
    if (!document.activeElement?.closest(TYPING)) this.part("view").focus({ preventScroll: true });
  }

  /** What has ended cannot be followed. */
  setLive(live) {
    this.live = live;
    this.part("follow").hidden = !live;
    if (!live) this.following = false;
    this.showState();
  }

  /** A push: {attempt, offset, end, size, line, text, skipped, anew, time}. */
  push(message) {
    if (message.attempt !== this.attempt || !this.ready) return;
    if (message.anew) {
      this.links.forget();
      this.begin(this.attempt);
      this.start().then(() => this.ready && this.onMisfit()); // what was pushed meanwhile was passed over
      return;
    }
    if (!this.pages.fits(message, this.onMisfit)) return;
    const before = this.pages.count;
    if (!this.live) this.setLive(true); // it was said to have ended
    this.pages.began ??= message.time;
    const lines = this.pages.push(message);
    if (this.folds.live(lines, message.line)) this.versions.clear();
    const { chosen } = this.ranks;
    if (!this.following) this.fresh += chosen ? lines.filter((text) => this.ranks.shows(text)).length : this.pages.count - before;
    this.showState();
    if (this.following) this.endSoon();
    else this.list.later();
    this.survey.soon();
    this.search.grew(this.pages.count);
  }

  endSoon() {
    this.ending ??= requestAnimationFrame(() => {
      this.ending = undefined;
      if (this.following) this.list.toEnd();
    });
  }

  /** Show a line of the raw log, whatever hides it; `until`: one behind it that is to be seen, too. `near`: those about it do. */
  goto(line, until = line, { near = false } = {}) {
    this.setFollow(false);
    if (!near) this.ranks.reveal(line);
    if (this.folds.reveal(line)) this.versions.clear();
    const [first, last] = [line, until].map((each) => Math.min(each, Math.max(1, this.pages.count)));
    this.target = { line: first, until: last, near };
    this.list.toLine(first, last);
  }

  /** Go to the end, and stay there as far as more can come; or no longer. */
  setFollow(following) {
    this.following = following && this.live;
    if (following) Object.assign(this, { fresh: 0, target: null });
    this.part("follow").ariaPressed = String(this.following);
    if (following && this.ready) this.list.toEnd();
    this.showState();
  }

  scrolled(up, sized) {
    const { list } = this;
    if (sized) return this.following && this.ready ? list.toEnd() : undefined;
    this.target = null;
    if (up && this.following && !list.atEnd()) this.setFollow(false);
    this.showState();
    return undefined;
  }

  // What the list asks for.

  shape() {
    this.geometry.row = this.options.row;
    this.geometry.shape(this.pages.count, this.ranks.chosen ? this.ranks : this.folds);
  }

  expects(number) {
    return this.ranks.expects(number);
  }

  wraps() {
    return this.options.wrap;
  }

  found({ numbers, total, wanted, question, current, lines }) {
    const isIn = (first, last) => numbers.length < total || numbers.some((line) => line >= first && line <= last);
    this.spans.ask(question && !wanted ? `attempt=${this.attempt}&${question}` : "", { total, isIn, lines });
    this.look({ marks: new Set(numbers), wanted, current });
  }

  look(change) {
    if (!change) return this.lookOf;
    this.lookOf = { ...this.lookOf, ...change, version: this.lookOf.version + 1 };
    this.list?.later();
    return this.lookOf;
  }

  /** Items of a page that came, or changed; whether that was so. */
  arrange(number) {
    const page = this.pages.page(number);
    this.spans.need(number);
    if (!page || !this.pages.isWhole(number)) {
      this.versions.delete(number);
      this.geometry.forget(number);
      return false;
    }
    if (this.versions.get(number) === page.version && this.geometry.pages.has(number)) return false;
    this.versions.set(number, page.version);
    const { raw, repeats, times } = this.options;
    const view = { raw, repeats, times, opened: this.openedKeys, began: this.pages.began, ...this.ranks.view };
    const before = this.geometry.pages.get(number)?.items ?? [];
    const items = steady(before, arrange(page, view));
    this.geometry.set(number, items, page.raw.length, () => this.geometry.row);
    return true;
  }

  rankChosen() {
    if (this.target) this.target.near = true; // it was wanted of the rank before
    this.optionChanged();
    this.survey.run();
    if (this.search.question()) this.search.run({});
  }

  optionChanged() {
    this.list.keeping(() => {
      const seen = [this.list.y, this.list.y + this.list.inside].map((y) => this.geometry.at(y).number);
      this.versions.clear();
      this.sized();
      this.geometry.keep((number) => number >= seen[0] - 1 && number <= seen[1] + 1);
      this.shape();
      for (const number of [...this.geometry.pages.keys()]) this.arrange(number);
    });
    this.list.draw();
    if (this.following) this.list.toEnd();
  }

  sized() {
    const view = this.part("view");
    view.classList.toggle("no-wrap", !this.options.wrap);
    view.dataset.times = this.options.times;
    view.style.setProperty("--log-size", `${this.options.size}px`);
    view.style.setProperty("--log-row", `${this.options.row}px`);
    this.look({ times: this.options.times });
  }

  // What is said about it.

  showState() {
    const { pages, list } = this;
    this.part("size").textContent = pages.size ? `${counted(pages.count, "line")} · ${bytes(pages.size)}` : "";
    if (this.ready && !pages.count) this.empty(this.live ? "No output yet." : "This run wrote no output.");
    else this.empty(this.unreadable);
    const end = this.part("end");
    end.hidden = !pages.count || this.following || list.atEnd();
    end.textContent = this.fresh ? `Jump to the end · ${counted(this.fresh, "new line")}` : "Jump to the end";
    const { total } = this.geometry;
    if (total) this.strip.look(list.y / total, Math.min(1, (list.y + list.inside) / total));
  }

  empty(text) {
    this.part("empty").hidden = !text;
    this.part("empty").textContent = text;
    this.part("body").hidden = Boolean(text);
  }

  say(text) {
    const box = this.part("say");
    box.hidden = !text;
    if (box.textContent !== text) box.textContent = text;
  }
}
