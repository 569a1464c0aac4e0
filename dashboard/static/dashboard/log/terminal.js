// Lines of a log as a terminal would show them: rows of styled pieces. A program may go back to any of the last 64
// rows and write over them, which is what progress bars do. Escapes other than styles, moves and links are dropped.
import { PLAIN, sgr } from "./sgr.js";

const DEPTH = 64;
const WIDEST = 8000; // characters of a row
const WORK = 400_000; // steps for the lines of a page: cells that are written over one by one, and
const CONTROL_WORK = 4; // so many for each escape; a log that wants more is shown raw from there on
// eslint-disable-next-line no-control-regex
const CONTROL = /[\x00-\x08\x0a-\x1f\x7f-\x9f]/;
// eslint-disable-next-line no-control-regex
const TOKENS = /\x1b\[([0-9:;<=>?]*)([ -/]*)([@-~])|\x1b\]([^\x07\x1b]*)(?:\x07|\x1b\\|$)|\x1b[PX^_][^\x1b]*(?:\x1b\\|$)|\x1b[ -/]*[0-~]|\x1b|\r|\x08|[\x00-\x07\x0a-\x0c\x0e-\x1a\x1c-\x1f\x7f-\x9f]/g;

/** Escapes as the pictures that Unicode has for them. */
export const pictured = (text) =>
  // eslint-disable-next-line no-control-regex
  text.replace(/[\x00-\x08\x0b-\x1f\x7f]/g, (char) => (char === "\x7f" ? "␡" : String.fromCharCode(0x2400 + char.charCodeAt(0))));

export class Terminal {
  constructor() {
    this.rows = [fresh(-1, false)];
    this.at = 0;
    this.column = 0;
    this.style = PLAIN;
    this.shows = false; // rows made or touched from now on belong to what is shown
    this.number = 0;
    this.work = 0;
  }

  /** Rows that belong to the lines before are kept to be written over, and shown where that happens. */
  begin() {
    const kept = Math.max(0, this.rows.length - DEPTH);
    this.rows = this.rows.slice(kept);
    this.at = Math.max(0, this.at - kept);
    this.rows.forEach((row) => (row.shown = false));
    this.shows = true;
    this.work = 0;
  }

  /** Feed line `number`, without its line break. */
  line(text, number) {
    this.number = number;
    if (this.work > WORK) return this.raw(text);
    if (this.started) this.newline();
    this.started = true;
    const row = this.rows[this.at];
    if (!row.length && row.line < number && !row.updates) Object.assign(row, fresh(number, this.shows));
    if (CONTROL.test(text)) this.controlled(text);
    else this.add(text);
    return undefined;
  }

  raw(text) {
    const shown = pictured(text.slice(0, WIDEST));
    const row = fresh(this.number, this.shows);
    this.rows.push({ ...row, pieces: [{ text: shown, style: PLAIN }], length: shown.length, cut: text.length > WIDEST, raw: true });
    this.at = this.rows.length - 1;
  }

  /** What there is to show: [{line, pieces, updates, cut}], lines rising. */
  shown() {
    const rows = this.rows.filter((row) => row.shown);
    const lines = rows.map((row) => row.line).sort((a, b) => a - b);
    return rows.map((row, at) => ({
      line: lines[at],
      last: row.last,
      pieces: row.cells ? pieces(row.cells) : row.pieces,
      updates: row.updates,
      cut: row.cut,
      raw: row.raw,
    }));
  }

  newline() {
    this.at += 1;
    this.column = 0;
    if (this.at === this.rows.length) this.rows.push(fresh(this.number, this.shows));
    else this.rows[this.at].moved = true;
  }

  controlled(text) {
    let from = 0;
    for (const match of text.matchAll(TOKENS)) {
      if (match.index > from) this.add(text.slice(from, match.index));
      from = match.index + match[0].length;
      this.work += CONTROL_WORK;
      if (this.work > WORK) {
        this.row().cut = true;
        return;
      }
      this.control(match);
    }
    if (from < text.length) this.add(text.slice(from));
  }

  control([token, parameters, between, final, osc]) {
    if (token === "\r") this.move(0);
    else if (token === "\b") this.column = Math.max(0, this.column - 1);
    else if (osc !== undefined) this.link(osc);
    else if (final !== undefined && !between && !/[<=>?]/.test(parameters)) this.csi(parameters, final);
  }

  csi(parameters, final) {
    if (final === "m") {
      this.style = sgr(this.style, parameters);
      return;
    }
    const n = Math.min(Number.parseInt(parameters, 10) || 0, WIDEST);
    const by = n || 1;
    if (final === "A" || final === "F") this.climb(-by, final === "F");
    else if (final === "B" || final === "E") this.climb(by, final === "E");
    else if (final === "C") this.column = Math.min(this.column + by, WIDEST);
    else if (final === "D") this.column = Math.max(0, this.column - by);
    else if (final === "G") this.move(by - 1);
    else if (final === "K") this.erase(n);
  }

  link(osc) {
    const found = /^8;[^;]*;(.*)$/s.exec(osc);
    if (!found) return;
    const { link, ...rest } = this.style; // eslint-disable-line no-unused-vars
    this.style = /^https?:\/\/[^\s]+$/i.test(found[1]) ? { ...rest, link: found[1] } : rest;
  }

  move(column) {
    this.column = column;
    this.rows[this.at].moved = true;
  }

  climb(by, toStart) {
    const top = Math.max(0, this.rows.length - DEPTH);
    this.at = Math.min(Math.max(this.at + by, top), this.rows.length - 1);
    if (toStart) this.column = 0;
    this.rows[this.at].moved = true;
  }

  /** The row under the cursor, to be written to. */
  row() {
    let row = this.rows[this.at];
    if (this.shows && !row.shown) {
      row = { ...row, pieces: [...row.pieces], cells: row.cells && [...row.cells], line: this.number, shown: true };
      this.rows[this.at] = row;
    }
    row.last = this.number;
    return row;
  }

  add(text) {
    const row = this.row();
    if (!text) return;
    if (row.moved && row.length) row.updates += 1;
    row.moved = false;
    const room = WIDEST - this.column;
    if (text.length > room) {
      row.cut = true;
      text = text.slice(0, Math.max(0, room));
    }
    if (this.column === 0 && text.length >= row.length) {
      Object.assign(row, { cells: null, pieces: [{ text, style: this.style }], length: text.length });
    } else if (this.column === row.length && !row.cells) {
      row.pieces.push({ text, style: this.style });
      row.length += text.length;
    } else this.overwrite(row, text);
    this.column += text.length;
  }

  overwrite(row, text) {
    const all = this.cells(row);
    this.work += text.length + Math.max(0, this.column - all.length);
    while (all.length < this.column) all.push([" ", PLAIN]);
    for (let i = 0; i < text.length; i += 1) all[this.column + i] = [text[i], this.style];
    row.length = all.length;
  }

  erase(what) {
    const row = this.row();
    const all = this.cells(row);
    if (what === 1) this.work += this.column;
    if (what === 0) all.length = Math.min(all.length, this.column);
    else if (what === 2) all.length = 0;
    else if (what === 1) all.fill([" ", PLAIN], 0, this.column + 1);
    if (row.length && !all.length && row.moved) {
      row.updates += 1;
      row.moved = false;
    }
    row.length = all.length;
  }

  cells(row) {
    if (row.cells) return row.cells;
    this.work += row.length;
    row.cells = row.pieces.flatMap(({ text, style }) => text.split("").map((char) => [char, style]));
    return row.cells;
  }
}

const fresh = (line, shown) => ({
  line, last: line, shown, pieces: [], cells: null, length: 0, updates: 0, cut: false, moved: false, raw: false,
});

function pieces(all) {
  const found = [];
  for (const [char, style] of all) {
    const last = found.at(-1);
    if (last?.style === style) last.text += char;
    else found.push({ text: char, style });
  }
  return found;
}
