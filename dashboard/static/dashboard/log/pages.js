// The lines that this tab has, 500 to a page: those near the view and those at the end. Others are fetched when needed.
import { plain } from "./plain.js";

export const PAGE = 500;
const LEAD = 64; // lines before a page that a terminal must have seen
const KEPT = 40; // pages
const LONGEST_OPEN = 64 * 1024; // characters of a line that has no end yet
const AGAIN = 2000; // ms until what failed is asked for again

export const pageOf = (line) => Math.floor((line - 1) / PAGE);

export class Pages {
  constructor(url, { attempt, onChange, onTrouble = () => {} }) {
    Object.assign(this, { url, attempt, onChange, onTrouble });
    this.all = new Map(); // number: {first, lead, leadTime, raw, cut, times, version}
    this.asked = new Set();
    Object.assign(this, { count: 0, size: 0, cursor: 0, near: 0, seen: 0, version: 0, began: null });
  }

  async get(query) {
    const answer = await fetch(`${this.url}?attempt=${this.attempt}&${query}`);
    if (!answer.ok) throw new Error(`log: ${answer.status}`);
    return answer.json();
  }

  /** The end of the log. */
  async start() {
    const part = await this.get(`tail=${PAGE}`);
    Object.assign(this, { count: part.count, size: part.size });
    let got = part;
    this.take(part);
    while (got.lines.length && got.from + got.lines.length - 1 < part.count) {
      got = await this.get(`from=${got.from + got.lines.length}&count=${PAGE}`);
      this.take(got);
    }
    Object.assign(this, { cursor: got.end, count: Math.max(part.count, got.from + got.lines.length - 1) });
    return part;
  }

  page(number) {
    return this.all.get(number);
  }

  /** A line as it was written, if it is here. */
  rawOf(line) {
    return this.all.get(pageOf(line))?.raw[(line - 1) % PAGE];
  }

  /** Lines from `first` on as one reads them, also those that are not here. */
  async texts(first, wanted) {
    const found = [];
    while (found.length < wanted) {
      const part = await this.get(`from=${first + found.length}&count=${Math.min(wanted - found.length, 1000)}`);
      if (!part.lines.length) break;
      found.push(...part.lines);
    }
    return found.map((text) => plain(text.replace(/\r$/, "")));
  }

  make(number) {
    const page = { first: number * PAGE + 1, lead: [], leadTime: null, raw: [], cut: {}, times: null, version: 0 };
    this.all.set(number, page);
    return page;
  }

  /** An answer's lines into their pages; what is there already stays: it is as new, or newer. */
  take(part) {
    part.lines.forEach((text, at) => this.put(part.from + at, text, part.times?.[at], part.cut[at]));
    for (const number of new Set(part.lines.map((_, at) => pageOf(part.from + at)))) this.changed(number);
  }

  put(line, text, time, hole) {
    const page = this.all.get(pageOf(line)) ?? this.make(pageOf(line));
    const at = line - page.first;
    if (page.raw[at] !== undefined) return;
    page.raw[at] = text;
    if (time !== undefined && time !== null) (page.times ??= [])[at] = time;
    if (hole) page.cut[line] = hole;
  }

  changed(number) {
    const page = this.all.get(number);
    if (page) page.version = ++this.version;
  }

  isWhole(number) {
    const page = this.all.get(number);
    const length = Math.min(PAGE, this.count - number * PAGE);
    if (!page || page.raw.length < length) return false;
    for (let at = 0; at < length; at += 1) if (page.raw[at] === undefined) return false;
    return number === 0 || page.lead.length > 0 || this.leadOf(number);
  }

  /** The lines before a page: from the page before, if it is here. */
  leadOf(number) {
    const before = this.all.get(number - 1);
    const lead = before && before.raw.length === PAGE ? before.raw.slice(-LEAD) : [];
    if (!lead.length || lead.includes(undefined)) return false;
    Object.assign(this.all.get(number), { lead, leadTime: before.times?.[PAGE - 1] ?? null });
    return true;
  }

  /** Fetch what the view needs of pages `from` to `to`; `wanted(number)`: anything of that one is shown. */
  need(from, to, wanted = () => true) {
    this.near = (from + to) / 2;
    this.seen = 0;
    for (let number = Math.max(0, from); number <= Math.min(to, pageOf(this.count)); number += 1) {
      if (!wanted(number)) continue;
      this.seen += 1;
      if (number * PAGE < this.count && !this.asked.has(number) && !this.isWhole(number)) this.fetch(number);
    }
    this.drop();
  }

  async fetch(number) {
    this.asked.add(number);
    const attempt = this.attempt;
    try {
      const lead = number ? LEAD : 0;
      const first = number * PAGE + 1;
      let from = first - lead;
      const until = Math.min(first + PAGE, this.count + 1);
      const early = [];
      let leadTime = null;
      while (from < until) {
        const part = await this.get(`from=${from}&count=${until - from}`);
        if (attempt !== this.attempt || !part.lines.length) return;
        const before = Math.max(0, Math.min(first - from, part.lines.length));
        early.push(...part.lines.slice(0, before));
        if (before) leadTime = part.times?.[before - 1] ?? null;
        part.lines.slice(before).forEach((text, at) => {
          this.put(from + before + at, text, part.times?.[before + at], part.cut[before + at]);
        });
        from += part.lines.length;
      }
      const page = this.all.get(number) ?? this.make(number);
      Object.assign(page, { lead: early, leadTime });
      this.changed(number);
      this.onTrouble(null);
    } catch (error) {
      this.onTrouble(error);
      await new Promise((done) => setTimeout(done, AGAIN));
    } finally {
      if (attempt === this.attempt) {
        this.asked.delete(number);
        this.onChange();
      }
    }
  }

  drop() {
    const last = pageOf(Math.max(this.count, 1));
    const far = [...this.all.keys()].filter((number) => number < last - 1 && !this.asked.has(number));
    far.sort((a, b) => Math.abs(b - this.near) - Math.abs(a - this.near));
    for (const number of far.slice(0, Math.max(0, this.all.size - KEPT - this.seen))) this.all.delete(number);
  }

  /**
   * Whether a push goes on where the last one ended, or says what it left out. One that begins before the cursor (two were
   * under way) or skips bytes unsaid would tear a line: it is dropped, and `ask` asks once for what is behind the cursor.
   */
  fits({ offset, end, skipped }, ask) {
    if (end <= this.cursor) return false;
    const fits = offset === this.cursor || (offset > this.cursor && skipped > 0);
    if (!fits && !this.asking) ask();
    this.asking = !fits;
    return fits;
  }

  /** Bytes were left out behind the last line: it may be longer than it is here. */
  forgetLast() {
    const page = this.all.get(pageOf(this.count));
    if (page) delete page.raw[this.count - page.first];
    this.changed(pageOf(this.count));
  }

  /** A push that begins at byte `cursor`, or further on, with a whole line. Returns the new lines' first number. */
  push({ text, offset, end, size, line, time, times }) {
    const joined = offset === this.cursor;
    if (!joined && this.count) this.forgetLast();
    const lines = text.split("\n");
    const touched = new Set();
    lines.forEach((part, at) => {
      if (at === lines.length - 1 && part === "" && (at > 0 || this.count < line)) return;
      const number = line + at;
      const page = this.all.get(pageOf(number)) ?? this.make(pageOf(number));
      const place = number - page.first;
      const known = page.raw[place];
      page.raw[place] = bounded(at === 0 && joined && known !== undefined ? known + part : part);
      const came = times?.[at] ?? time;
      if (came !== null && known === undefined) (page.times ??= [])[place] = came;
      this.count = Math.max(this.count, number);
      touched.add(pageOf(number));
    });
    touched.forEach((number) => this.changed(number));
    Object.assign(this, { cursor: end, size });
    this.drop();
    return lines;
  }
}

// Of a progress bar without a line break the last states count.
function bounded(text) {
  return text.length <= LONGEST_OPEN ? text : text.slice(0, LONGEST_OPEN / 4) + text.slice(-LONGEST_OPEN / 2);
}
