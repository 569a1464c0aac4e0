// Where in a row what is looked for stands: found here for a text; an expression's hits are told by the server.
import { PAGE, pageOf } from "./pages.js";
import { plain } from "./plain.js";

const AGAIN = 3000; // ms until what failed is asked for again

/** Places of a text, [from, to], rising and apart. `wanted`: {text, case}. */
export function placesOf(text, wanted) {
  const needle = wanted?.text ? (wanted.case ? wanted.text : wanted.text.toLowerCase()) : "";
  const hay = needle ? (wanted.case ? text : text.toLowerCase()) : "";
  const found = [];
  if (!needle || hay.length !== text.length) return found;
  for (let at = hay.indexOf(needle); at !== -1; at = hay.indexOf(needle, at + needle.length)) found.push([at, at + needle.length]);
  return found;
}

/** Text whose places are marked; it begins `before` characters after the text that the places are of. */
export function marked(text, places, before = 0) {
  const found = document.createDocumentFragment();
  let done = 0;
  for (const [from, to] of places) {
    const [first, last] = [Math.max(from - before, done), Math.min(to - before, text.length)];
    if (first >= last) continue;
    const mark = document.createElement("mark");
    mark.textContent = text.slice(first, last);
    found.append(text.slice(done, first), mark);
    done = last;
  }
  found.append(text.slice(done));
  return found;
}

/** The hits of an expression in the lines that are looked at, a page of lines at a time. */
export class Spans {
  /** `rawOf(line)`: a line as it was written, where it is here; `onCome()`: there are more. */
  constructor(url, { rawOf, onCome }) {
    Object.assign(this, { url, rawOf, onCome });
    this.ask("");
  }

  /**
   * `question`: the query of a search, "" for none, with `total` hits in `lines` lines. `isIn(first, last)`: may one be in these?
   * Asked again of a log that grew, what is known of the lines before stays.
   */
  ask(question, { total = 0, isIn = () => true, lines = 0 } = {}) {
    const same = question === this.question;
    if (same && total === this.total && lines === this.upTo) return;
    if (same) {
      const grown = pageOf(Math.max(this.upTo, 1));
      for (const number of this.asked) if (number >= grown) this.asked.delete(number);
    } else {
      this.abort?.abort();
      this.abort = new AbortController();
      Object.assign(this, { question, lines: new Map(), asked: new Set() });
    }
    Object.assign(this, { total, isIn, upTo: lines });
  }

  /** A page of lines is in view. */
  need(number) {
    const first = number * PAGE + 1;
    const { asked } = this;
    if (!this.question || asked.has(number) || !this.isIn(first, first + PAGE - 1)) return;
    asked.add(number);
    this.fetch(first, first + PAGE).catch((error) => {
      if (error.name === "AbortError") return;
      console.warn(error);
      setTimeout(() => {
        asked.delete(number);
        if (asked === this.asked) this.onCome();
      }, AGAIN);
    });
  }

  async fetch(first, until) {
    const { question, lines } = this;
    const { signal } = this.abort;
    for (let from = first; from < until; ) {
      const answer = await fetch(`${this.url}?${question}&from=${from}&count=${until - from}`, { signal });
      if (!answer.ok) throw new Error(`marks: ${answer.status}`);
      const found = await answer.json();
      for (const [line, spans] of Object.entries(found.spans)) lines.set(Number(line), spans);
      if (lines === this.lines) this.onCome();
      if (found.until <= from) return;
      from = found.until;
    }
  }

  /** Places in the row of a line. Where a bar wrote over itself, its text is elsewhere: then what was found is looked for. */
  places(line, text) {
    const spans = this.lines.get(line);
    if (!spans) return [];
    const written = plain(this.rawOf(line) ?? "");
    const found = spans.map(([at, length]) => [at, at + length]);
    if (found.every(([from, to]) => text.slice(from, to) === written.slice(from, to))) return found;
    const texts = new Set(found.map(([from, to]) => written.slice(from, to)).filter(Boolean));
    const all = [...texts].flatMap((each) => placesOf(text, { text: each, case: true })).sort((a, b) => a[0] - b[0]);
    return all.filter(([from], at) => !at || from >= all[at - 1][1]);
  }
}
