// Regular expressions whose time is bounded by the length of the name: all ways are followed at once (Thompson, 1968).
// The browser's own tries them one after another, which takes for ever for `(\w|\w)+!`.
const STATES = 250; // of a pattern; a name of n characters costs at most n + 1 times as many steps
const FARTHEST = 300; // characters of a name
const REPEAT = /([*+?]|\{(\d+)(,?)(\d*)\})\??/y;
const ATOM = /\[(?:\\[^]|[^\]\\])*\]|\\(?:x[\da-f]{2}|u[\da-f]{4}|c[a-z]|[^])|[^]/iy;
const UNKNOWN = /^\\[\dk]/; // what stood in a group before, or an octal number
const WORD = /\w/;
const EASY = /^[^(|{?*+]*[*+]?[^(|{?*+]*$/; // with one repetition the browser's own is bounded too, and far faster

const isWord = (text, at) => at >= 0 && at < text.length && WORD.test(text[at]);
const onEdge = (text, at) => isWord(text, at - 1) !== isWord(text, at);
const ASSERTIONS = {
  "^": (text, at) => at === 0,
  $: (text, at) => at === text.length,
  "\\b": onEdge,
  "\\B": (text, at) => !onEdge(text, at),
};

/** Reads a pattern that the browser took for a valid one: {any: [{all: […]}, …]}, where parts are atoms, groups, repetitions. */
class Reader {
  constructor(text) {
    Object.assign(this, { text, at: 0 });
  }

  next(kind) {
    kind.lastIndex = this.at;
    const found = kind.exec(this.text);
    if (found) this.at = kind.lastIndex;
    return found;
  }

  takes(text) {
    const isThere = this.text.startsWith(text, this.at);
    if (isThere) this.at += text.length;
    return isThere;
  }

  either() {
    const any = [this.sequence()];
    while (this.takes("|")) any.push(this.sequence());
    return { any };
  }

  sequence() {
    const all = [];
    while (this.at < this.text.length && !"|)".includes(this.text[this.at])) all.push(this.repeated(this.part()));
    return { all };
  }

  part() {
    if (!this.takes("(")) return this.atom();
    if (!this.takes("?:") && this.text[this.at] === "?") throw new RangeError("it looks ahead or behind, or has a name");
    const inner = this.either();
    this.takes(")");
    return inner;
  }

  atom() {
    const [text] = this.next(ATOM);
    if (UNKNOWN.test(text)) throw new RangeError("it refers to another part");
    if (Object.hasOwn(ASSERTIONS, text)) return { holds: ASSERTIONS[text] };
    const one = new RegExp(`^${text}$`, "i");
    return { test: (character) => one.test(character) };
  }

  repeated(part) {
    const found = this.next(REPEAT);
    if (!found) return part;
    const [, sign, least, comma, most] = found;
    if (sign.length === 1) return { part, least: sign === "+" ? 1 : 0, most: sign === "?" ? 1 : Infinity };
    const last = comma ? Number(most || Infinity) : Number(least);
    if (Number(least) > STATES || (last > STATES && last < Infinity)) throw new RangeError("it repeats too often");
    return { part, least: Number(least), most: last };
  }
}

/** The states of a pattern, each {test or holds, to: […]}; 0 is the end. Every group makes one, so that building ends. */
class Machine {
  constructor(tree) {
    this.states = [{ to: [] }];
    this.start = this.build(tree, 0);
  }

  add(state) {
    if (this.states.length >= STATES) throw new RangeError("it is too large");
    return this.states.push(state) - 1;
  }

  build(node, next) {
    if (node.any) return this.add({ to: node.any.map((each) => this.build(each, next)) });
    if (node.all) return node.all.reduceRight((after, each) => this.build(each, after), next);
    if (node.part) return this.repeat(node, next);
    return this.add({ ...node, to: [next] });
  }

  repeat({ part, least, most }, next) {
    let here = next;
    if (most === Infinity) {
      here = this.add({ to: [next] });
      this.states[here].to.unshift(this.build(part, here));
    } else {
      for (let at = least; at < most; at += 1) here = this.add({ to: [this.build(part, here), next] });
    }
    for (let at = 0; at < least; at += 1) here = this.build(part, here);
    return here;
  }

  /** All states that are reached at a place without taking a character. */
  reached(from, text, at) {
    const found = new Set();
    const open = [...from];
    while (open.length) {
      const each = open.pop();
      const { test, holds, to } = this.states[each];
      if (found.has(each) || (holds && !holds(text, at))) continue;
      found.add(each);
      if (!test) open.push(...to);
    }
    return found;
  }

  /** Whether it is found anywhere in a text. */
  finds(text) {
    let before = [];
    for (let at = 0; at <= text.length; at += 1) {
      const now = this.reached([this.start, ...before], text, at);
      if (now.has(0)) return true;
      before = [...now].map((each) => this.states[each]).filter(({ test }) => test?.(text[at])).flatMap(({ to }) => to);
    }
    return false;
  }
}

/** A test of names for a regular expression; null where it is none, or none whose time is bounded. */
export function compile(text) {
  try {
    const own = new RegExp(text, "i");
    if (EASY.test(text)) return (name) => own.test(name.slice(0, FARTHEST));
    const machine = new Machine(new Reader(text).either());
    return (name) => machine.finds(name.slice(0, FARTHEST));
  } catch {
    return null; // half-typed, or too much
  }
}
