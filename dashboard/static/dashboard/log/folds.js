// Groups of lines of the whole log: `::group::` to `::endgroup::`, and what stands below a heading (`--- `).
const MARK = /^(?:\x1b\[[0-9;]*m)*(::group::|::endgroup::|\^\^\^ \+\+\+|(?:---|\+\+\+|~~~) )(.{0,200})/; // eslint-disable-line no-control-regex

export class Folds {
  constructor() {
    this.all = []; // {kind, first, last, title, wanted}, by first; `last` null while nothing ended it
    this.wishes = new Map(); // first line: open?
    this.surveyed = 0; // lines that the server has looked at
    this.closed = [];
    this.leftOut = 0;
  }

  /** What the server found; what `live` saw behind it stays. `keep`: a line whose groups are open, unless the reader closed them. */
  take(folds, surveyed, leftOut, keep) {
    const known = new Map(this.all.map((fold) => [fold.first, fold]));
    const seen = folds.map((fold) => {
      const { last = null, wanted = false } = known.get(fold.first) ?? {};
      return { ...fold, last: fold.last ?? (last >= surveyed ? last : null), wanted: Boolean(fold.wanted || wanted) };
    });
    this.all = [...seen, ...this.all.filter((fold) => fold.first > surveyed)];
    this.surveyed = Math.max(surveyed, this.surveyed);
    this.leftOut = leftOut;
    for (const { first, last } of keep ? this.all : []) {
      if (first < keep && keep <= (last ?? Infinity) && !this.wishes.has(first)) this.wishes.set(first, true);
    }
    this.arrange();
  }

  /** New lines, the first of which is line `number`; whether that made or ended a group. */
  live(lines, number) {
    let changed = false;
    lines.forEach((text, at) => {
      const found = text && number + at > this.surveyed ? MARK.exec(text) : null;
      if (!found) return;
      const line = number + at;
      if (found[1][0] === "^") {
        const before = this.all.findLast((fold) => !fold.last) ?? this.all.at(-1);
        if (before) changed = before.wanted = true;
        return;
      }
      if (this.all.some((fold) => fold.first === line)) return;
      changed = true;
      const open = this.all.findLast((fold) => fold.kind === (found[1] === "::endgroup::" ? "group" : "heading") && !fold.last);
      if (found[1] === "::endgroup::") {
        if (open) {
          this.wishes.set(open.first, this.isOpen(open)); // nobody's lines vanish while they are read
          open.last = line;
        }
        return;
      }
      const kind = found[1] === "::group::" ? "group" : "heading";
      if (kind === "heading" && open) open.last = line - 1;
      this.all.push({ kind, first: line, last: null, title: found[2].trim() });
    });
    if (changed) this.arrange();
    return changed;
  }

  /** A group that has ended is closed unless the program wants it open, a heading is open; the reader's wish is above both. */
  isOpen(fold) {
    return this.wishes.get(fold.first) ?? (fold.wanted || fold.kind === "heading" || !fold.last);
  }

  toggle(first) {
    const fold = this.all.find((each) => each.first === first);
    if (fold) this.wishes.set(first, !this.isOpen(fold));
    this.arrange();
  }

  /** Open what hides a line; whether anything did. */
  reveal(line) {
    const hiding = this.all.filter((fold) => fold.first < line && line <= (fold.last ?? Infinity) && !this.isOpen(fold));
    hiding.forEach((fold) => this.wishes.set(fold.first, true));
    this.arrange();
    return hiding.length > 0;
  }

  /** The hidden stretches, [first, last], without overlap, and how many lines they hide up to each. */
  arrange() {
    this.heads = new Map(this.all.map((fold) => [fold.first, fold]));
    this.ends = new Set(this.all.filter((fold) => fold.kind === "group").map((fold) => fold.last));
    this.closed = [];
    for (const fold of this.all) {
      if (this.isOpen(fold) || fold.last === fold.first) continue;
      const stretch = [fold.first + 1, fold.last ?? Number.MAX_SAFE_INTEGER];
      const before = this.closed.at(-1);
      if (before && stretch[0] <= before[1]) before[1] = Math.max(before[1], stretch[1]);
      else this.closed.push(stretch);
    }
  }

  headAt(line) {
    return this.heads?.get(line);
  }

  endsAt(line) {
    return this.ends?.has(line);
  }

  isShown(line) {
    return this.hidden(line, line) === 0;
  }

  /** How many of the lines `from` to `to` are hidden. */
  hidden(from, to) {
    let low = 0;
    let high = this.closed.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.closed[middle][1] < from) low = middle + 1;
      else high = middle;
    }
    let hidden = 0;
    for (; low < this.closed.length && this.closed[low][0] <= to; low += 1) {
      hidden += Math.min(to, this.closed[low][1]) - Math.max(from, this.closed[low][0]) + 1;
    }
    return hidden;
  }
}
