// Which runs the charts show: those of the table's page, or all that match; pinned ones always, hidden ones never.
import { get, onChange, set } from "../urlstate.js";
import { getJson, report } from "./ask.js";
import { format, getList } from "./lists.js";

const MOST = 500; // runs that a board draws
const IN_A_URL = 100; // ids of one question
const MOST_MEMBERS = 2000; // runs whose points make the curves of groups
const NAMED = 5; // groups that cannot be drawn whole, each by its name

export class Drawn {
  /** `board` has show(runs, {groups}). */
  constructor({ table, board, onDrawn = () => {} }) {
    Object.assign(this, { table, board, onDrawn, groups: new Map() });
    this.bar = document.querySelector("[data-drawn]");
    this.count = document.querySelector("[data-drawn-count]");
    this.note = document.querySelector("[data-drawn-partial]");
    this.button = document.querySelector("[data-drawn-all]");
    this.button.addEventListener("click", () => set({ drawn: this.all ? null : "all" }, { push: true }));
    onChange((names) => (!names || ["drawn", "hide", "pins"].some((name) => names.has(name))) && this.show());
  }

  get all() {
    return get("drawn") === "all";
  }

  async show() {
    const asked = (this.asked = {});
    try {
      const { runs, groups } = await this.wanted();
      const hidden = new Set(getList("hide"));
      const wish = [...new Set([...(await this.pinned(runs)), ...runs])].filter((run) => !hidden.has(run));
      if (asked !== this.asked) return; // the table went on meanwhile
      const drawn = wish.slice(0, MOST);
      const members = groups && shared(groups, hidden);
      this.board.show(drawn.map((run) => ({ run })), members ? { groups: members.map(({ label, runs: mine }) => ({ label, runs: mine })).filter(({ runs: mine }) => mine.length) } : {});
      this.tell(members ? members.reduce((sum, { runs: mine }) => sum + mine.length, 0) : drawn.length, members);
      this.onDrawn(members ? members.flatMap(({ runs: mine }) => mine) : drawn);
    } catch (error) {
      report(error);
    }
  }

  /** Pinned runs that are on no page here; those that are gone are left out. */
  async pinned(runs) {
    const here = new Set(runs);
    const [found, others] = [getList("pins").filter((each) => here.has(each)), getList("pins").filter((each) => !here.has(each))];
    if (!others.length) return found;
    const key = others.join("\n");
    if (this.pins?.key !== key) this.pins = { key, runs: await stillThere(others) };
    return [...found, ...this.pins.runs];
  }

  /** Ids in the table's order, and where it is grouped the groups with theirs. */
  async wanted() {
    const rows = this.table.rows.filter((row) => row.dataset.group !== undefined && row.dataset.level === "0");
    if (rows.length) {
      const groups = await Promise.all(rows.map((row) => this.group(row)));
      return { runs: inTurns(groups.map(({ runs }) => runs)), groups };
    }
    if (!this.all) return { runs: this.table.runs };
    const { runs } = await getJson(`/runs/ids.json?${this.table.told.query}&limit=${MOST}`);
    return { runs };
  }

  async group(row) {
    const { query } = row.dataset;
    const { told } = this.table;
    const key = `${told.runs} ${query}`;
    if (!this.groups.has(key)) {
      const given = row.dataset.runs;
      const runs = given ? given.split(",") : null;
      const found = runs ? { runs, count: runs.length } : await getJson(`/runs/ids.json?${query}&limit=${MOST_MEMBERS}`);
      this.groups.set(key, { label: labelOf(row), runs: found.runs, count: found.count });
    }
    return this.groups.get(key);
  }

  tell(drawn, groups) {
    const { runs } = this.table.told;
    const all = runs.toLocaleString("en");
    this.bar.hidden = runs === 0;
    this.count.textContent = `${drawn.toLocaleString("en")} of ${all} ${runs === 1 ? "run" : "runs"} drawn${groups ? `, in ${groups.length} ${groups.length === 1 ? "group" : "groups"}` : ""}`;
    const partial = (groups ?? []).filter(({ runs: mine, count }) => mine.length < count);
    this.note.textContent = partialText(partial);
    this.note.hidden = !partial.length;
    const shown = this.table.runs.length;
    this.button.hidden = Boolean(groups) || (!this.all && runs <= shown);
    this.button.ariaPressed = String(this.all);
    this.button.textContent = runs > MOST ? `First ${MOST} that match` : "All that match";
  }
}

/** Those of the runs that exist. Asked for in parts, since no server takes an address of any length. */
async function stillThere(ids) {
  const found = [];
  for (let at = 0; at < ids.length; at += IN_A_URL) {
    const runs = format(ids.slice(at, at + IN_A_URL));
    found.push(...(await getJson(`/runs/ids.json?${new URLSearchParams({ runs })}`)).runs);
  }
  return found;
}

/** What a group's row is called, here and in the charts. */
export const labelOf = (row) => row.querySelector(".group-name > span")?.textContent.trim().replace(/\s+/g, " ") ?? row.dataset.group;

/** The first of each list, then the second of each …: a few runs of every group tell which metrics there are. */
export function inTurns(lists) {
  const found = [];
  const longest = Math.max(0, ...lists.map((list) => list.length));
  for (let at = 0; at < longest; at += 1) for (const list of lists) if (at < list.length) found.push(list[at]);
  return found;
}

/** Groups with those of their runs that are drawn, and `count`, how many those would be if there were room for all. */
export function shared(groups, hidden, most = MOST_MEMBERS) {
  let left = most;
  return groups.map(({ label, runs, count }) => {
    const seen = runs.filter((run) => !hidden.has(run));
    const mine = seen.slice(0, left);
    left -= mine.length;
    return { label, runs: mine, count: count - (runs.length - seen.length) };
  });
}

/** Which groups have a curve of a part of their runs, or none. */
export function partialText(partial) {
  if (!partial.length) return "";
  const named = partial.slice(0, NAMED).map(({ label, runs, count }) => `${label} (${runs.length} of ${count})`);
  const more = partial.length - named.length;
  return `Curves of groups are made of at most ${MOST_MEMBERS} runs. Not of all theirs: ${named.join(", ")}${more ? ` and ${more} more groups` : ""}.`;
}
