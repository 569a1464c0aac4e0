// Terminal output as lines of styled pieces. Colours (SGR) are kept; every other escape is dropped. Never makes HTML.

// eslint-disable-next-line no-control-regex
const TOKENS = /\x1b\[([0-9;:]*)m|\x1b\[[0-9;?<>=!]*[ -/]*[@-~]|\x1b\][^\x07\x1b\n]*(?:\x07|\x1b\\)?|\x1b[PX^_][^\x1b\n]*(?:\x1b\\)?|\x1b[ -/]*[0-~]|\x1b|[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f]/g;
const PLAIN = Object.freeze({});
const LONGEST_LINE = 8000;

/** Cuts a stream of text into lines. A `\r` begins the line anew; how often that happened is counted. */
export class Terminal {
  constructor() {
    this.style = PLAIN;
    this.open = fresh();
    this.rest = ""; // an escape whose end has not arrived
  }

  /** Feed text; returns {lines, open}: the lines that are complete now, and the one that is not. */
  write(text) {
    text = this.rest + text;
    const cut = unfinished(text);
    this.rest = text.slice(cut);
    text = text.slice(0, cut);
    const lines = [];
    let from = 0;
    for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", from)) {
      this.stretch(text.slice(from, at));
      lines.push(close(this.open));
      this.open = fresh();
      from = at + 1;
    }
    this.stretch(text.slice(from));
    return { lines, open: this.open };
  }

  stretch(text) {
    const parts = text.split("\r");
    parts.forEach((part, index) => {
      if (index > 0) this.open.returned = true;
      if (!part) return;
      if (this.open.returned) {
        this.open.updates += this.open.pieces.length ? 1 : 0;
        Object.assign(this.open, { pieces: [], length: 0, cut: false, returned: false });
      }
      this.pieces(part);
    });
  }

  pieces(text) {
    let from = 0;
    for (const match of text.matchAll(TOKENS)) {
      this.add(text.slice(from, match.index));
      if (match[1] !== undefined) this.style = sgr(this.style, match[1]);
      from = match.index + match[0].length;
    }
    this.add(text.slice(from));
  }

  add(text) {
    if (!text) return;
    const room = LONGEST_LINE - this.open.length;
    if (room <= 0 || text.length > room) this.open.cut = true;
    if (room <= 0) return;
    this.open.pieces.push({ text: text.slice(0, room), style: this.style });
    this.open.length += Math.min(text.length, room);
  }
}

const fresh = () => ({ pieces: [], updates: 0, length: 0, cut: false, returned: false });

const close = (line) => ({ pieces: line.pieces, updates: line.updates, cut: line.cut });

/** Where a trailing escape begins that may still be incomplete. */
function unfinished(text) {
  const at = text.lastIndexOf("\x1b");
  if (at === -1 || text.length - at > 200) return text.length;
  // eslint-disable-next-line no-control-regex
  return /^\x1b(?:\[[0-9;:?<>=!]*)?$/.test(text.slice(at)) ? at : text.length;
}

function sgr(style, codes) {
  const next = { ...style };
  const list = codes.split(/[;:]/).map(Number);
  for (let i = 0; i < list.length; i += 1) {
    const code = list[i];
    if (code === 0) Object.keys(next).forEach((key) => delete next[key]);
    else if (code === 1) next.bold = true;
    else if (code === 2) next.faint = true;
    else if (code === 3) next.italic = true;
    else if (code === 4) next.underline = true;
    else if (code === 7) next.inverse = true;
    else if (code === 22) next.bold = next.faint = false;
    else if (code === 23) next.italic = false;
    else if (code === 24) next.underline = false;
    else if (code === 27) next.inverse = false;
    else if (code >= 30 && code <= 37) next.fg = code - 30;
    else if (code >= 90 && code <= 97) next.fg = code - 82;
    else if (code === 39) delete next.fg;
    else if (code === 38 || code === 48) {
      if (list[i + 1] === 5 && code === 38) next.fg = nearest256(list[i + 2]);
      if (list[i + 1] === 2 && code === 38) next.fg = nearest(list[i + 2], list[i + 3], list[i + 4]);
      i += list[i + 1] === 5 ? 2 : 4;
    }
  }
  return next;
}

function nearest256(n) {
  if (!(n >= 0)) return 7;
  if (n < 16) return n;
  if (n >= 232) return n < 244 ? 8 : 7;
  const cube = n - 16;
  return nearest(Math.floor(cube / 36) * 51, (Math.floor(cube / 6) % 6) * 51, (cube % 6) * 51);
}

/** The theme's own sixteen colours keep their contrast in light and dark; a true colour takes the nearest of them. */
function nearest(r, g, b) {
  const most = Math.max(r, g, b);
  if (!(most - Math.min(r, g, b) > 40)) return most < 128 ? 8 : 7;
  const code = (r > most / 1.6 ? 1 : 0) + (g > most / 1.6 ? 2 : 0) + (b > most / 1.6 ? 4 : 0);
  return code + (most > 200 ? 8 : 0);
}

/** A line as an element: text nodes in spans, nothing else. */
export function lineElement(line) {
  const element = document.createElement("div");
  element.className = "line";
  for (const { text, style } of line.pieces) {
    const names = classes(style);
    if (!names) {
      element.append(text);
      continue;
    }
    const span = document.createElement("span");
    span.className = names;
    span.textContent = text;
    element.append(span);
  }
  if (line.cut) element.append(chip("the rest of this line is in the raw log"));
  if (line.updates) element.append(chip(`${line.updates + 1} updates`));
  const whole = element.textContent;
  if (/\b(?:ERROR|CRITICAL|FATAL|Traceback|[A-Z]\w*Error\b)/.test(whole)) element.classList.add("trouble");
  else if (/\bWARN(?:ING)?\b/.test(whole)) element.classList.add("warning");
  return element;
}

function chip(text) {
  const element = document.createElement("span");
  element.className = "updates";
  element.textContent = text;
  return element;
}

function classes(style) {
  const names = ["bold", "faint", "italic", "underline", "inverse"].filter((name) => style[name]);
  if (style.fg !== undefined) names.push(`fg${style.fg}`);
  return names.join(" ");
}
