// The lines of one rank alone, where a launcher says before each line whose it is. See runs/logs/ranks.py.
import { get, set } from "../urlstate.js";
import { Folds } from "./folds.js";
import { PAGE, pageOf } from "./pages.js";
import { count, plain } from "./plain.js";

const TAGGED = /^(?:\[(?:default|rank)(\d{1,4})\](?::|(?=\s|$))|\[(?:[\w.@-]{1,80}@)?\d{1,10},(\d{1,4})\]<std(?:out|err|diag)>:) ?/;
const BARE = /^ {0,3}(\d{1,4}): /;
const NAME = /^(?:0|[1-9]\d{0,3}):?$/;
const LONGEST = 400; // characters at the beginning of a line, escapes and all, that a prefix is within
const BUTTONS = 8; // ranks; more than that are a menu
const AT_LEAST = 25; // rows that a page the server has not looked at is taken to have: so few of those are in view at once

/** How many characters at the beginning of a row, escapes aside, say that this rank wrote it; 0 where another did. */
export function prefixOf(text, rank) {
  const bare = rank.endsWith(":");
  const found = (bare ? BARE : TAGGED).exec(text);
  const number = found?.[1] ?? found?.[2];
  return number !== undefined && Number(number) === Number.parseInt(rank, 10) ? found[0].length : 0;
}

export class Ranks {
  /** `viewer`: the list's source; `onChoose()` after another rank was chosen. */
  constructor(viewer, { onChoose }) {
    Object.assign(this, { viewer, onChoose, box: viewer.part("ranks"), note: viewer.part("rank-note"), noFolds: new Folds() });
    this.noFolds.arrange();
    const asked = get("rank");
    this.chosen = NAME.test(asked) ? asked : "";
    this.choice = viewer.part("rank-choice");
    this.choice.addEventListener("click", (event) => {
      const button = event.target.closest("[data-rank]");
      if (button) this.choose(button.dataset.rank);
    });
    this.choice.addEventListener("change", (event) => this.choose(event.target.value));
    this.forget();
  }

  /** Another log is shown. */
  forget() {
    Object.assign(this, { told: [], leftOut: 0, counts: null, counted: true, each: PAGE, surveyed: 0 });
    this.draw();
  }

  choose(rank) {
    if (rank === this.chosen) return;
    Object.assign(this, { chosen: rank, counts: null, counted: true });
    set({ rank });
    this.draw();
    this.onChoose();
  }

  /** Of the query of a survey, and of a search. */
  get query() {
    return this.chosen ? `&rank=${encodeURIComponent(this.chosen)}` : "";
  }

  /** What the server found: [[rank, lines]], how many more it does not tell apart, and where lines of the chosen one are. */
  take({ ranks, ranks_left_out: leftOut = 0, rank, surveyed }) {
    Object.assign(this, { told: ranks, leftOut, surveyed });
    if (rank && rank.name === this.chosen) Object.assign(this, { counts: rank.lines, each: rank.each, counted: !rank.left_out });
    this.draw();
  }

  /** Whether a line as it was written is the chosen rank's. */
  shows(raw) {
    return !this.chosen || prefixOf(plain(raw.slice(0, LONGEST)), this.chosen) > 0;
  }

  /** What arrange.js is to know: nothing folds where only some lines are shown. */
  get view() {
    if (!this.chosen) return { folds: this.viewer.folds };
    return { folds: this.noFolds, shows: (raw) => this.shows(raw), prefix: (text) => prefixOf(text, this.chosen) };
  }

  get total() {
    return this.told.find(([name]) => name === this.chosen)?.[1] ?? 0;
  }

  /** About how many of its lines are in a page; 0: none is, and it is not fetched. */
  expected(number) {
    if (!this.counts) return 0;
    const known = (this.counts[Math.floor((number * PAGE) / this.each)] ?? 0) * (PAGE / this.each);
    return known + this.possible(number);
  }

  /** How many may be among the lines of a page that came after the server looked: as many as among those before. */
  possible(number) {
    const last = Math.min((number + 1) * PAGE, this.viewer.pages.count);
    const fresh = Math.max(0, last - Math.max(this.surveyed, number * PAGE));
    const share = this.surveyed ? this.total / this.surveyed : 0;
    return Math.max(fresh * share, Math.min(fresh, AT_LEAST));
  }

  /** Whether lines of it may be in a page. */
  expects(number) {
    return !this.chosen || this.expected(number) > 0;
  }

  /** As Folds has it, for Geometry: how many of these lines of one page are not shown. */
  hidden(from, to) {
    const number = pageOf(from);
    const lines = Math.max(1, Math.min(PAGE, this.viewer.pages.count - number * PAGE));
    const asked = to - from + 1;
    return asked * (1 - Math.min(1, this.expected(number) / lines));
  }

  /** Somebody wants to see this line: where another rank wrote it, all ranks are shown. It may have to come first. */
  reveal(line) {
    if (!this.chosen) return;
    const { pages } = this.viewer;
    const raw = pages.rawOf(line);
    if (raw !== undefined ? !this.shows(raw) : this.counts && !this.expects(pageOf(line))) this.choose("");
    else if (raw === undefined) pages.need(pageOf(line), pageOf(line));
  }

  draw() {
    const names = this.told.map(([name]) => name);
    if (this.chosen && !names.includes(this.chosen)) names.push(this.chosen);
    this.box.hidden = !names.length;
    const drawn = `${names.join()} ${this.leftOut}`;
    if (this.drawn !== drawn) this.choice.replaceChildren(...(names.length > BUTTONS ? [menu(names, this.leftOut)] : buttons(names)));
    this.drawn = drawn;
    for (const button of this.choice.querySelectorAll("[data-rank]")) button.ariaPressed = String(button.dataset.rank === this.chosen);
    const select = this.choice.querySelector("select");
    if (select) select.value = this.chosen;
    this.note.textContent = this.chosen ? this.noted() : "";
  }

  noted() {
    if (!this.counted) return "not counted: use the search";
    return this.total ? `${count(this.total)} of ${count(this.surveyed)} lines` : "no line of this rank so far";
  }
}

const shown = (name) => name.replace(":", "");

function buttons(names) {
  return ["", ...names].map((name) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button slim";
    button.dataset.rank = name;
    button.textContent = name ? shown(name) : "all ranks";
    if (name) button.ariaLabel = `rank ${shown(name)}`;
    return button;
  });
}

function menu(names, leftOut) {
  const select = document.createElement("select");
  select.ariaLabel = "Rank";
  select.append(...["", ...names].map((name) => new Option(name ? `rank ${shown(name)}` : "all ranks", name)));
  if (leftOut) {
    const told = new Option(`${count(leftOut)} more ${leftOut === 1 ? "is" : "are"} not listed`, "left out");
    told.disabled = true;
    select.append(told);
  }
  return select;
}
