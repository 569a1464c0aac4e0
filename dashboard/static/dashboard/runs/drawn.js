// Which runs the charts show: those of the table's page, or all that match; pinned ones always, hidden ones never.
import { get, onChange, set } from "../urlstate.js";
import { getJson, report } from "./ask.js";
import { getList } from "./lists.js";
import { quoted } from "./words.js";

const MOST = 500; // runs that a board draws

export class Drawn {
  /** `board` has show(runs, {groups}). */
  constructor({ table, board, onDrawn = () => {} }) {
    Object.assign(this, { table, board, onDrawn, groups: new Map() });
    this.bar = document.querySelector("[data-drawn]");
    this.count = document.querySelector("[data-drawn-count]");
    this.button = document.querySelector("[data-drawn-all]");
    this.button.addEventListener("click", () => set({ drawn: this.all ? null : "all" }));
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
      this.board.show(drawn.map((run) => ({ run })), groups ? { groups: kept(groups, new Set(drawn)) } : {});
      this.tell(drawn.length, groups);
      this.onDrawn(drawn);
    } catch (error) {
      report(error);
    }
  }

  /** Pinned runs that are on no page here; charts pin metrics in the same list, and runs may be gone. */
  async pinned(runs) {
    const here = new Set(runs);
    const [found, others] = [getList("pins").filter((each) => here.has(each)), getList("pins").filter((each) => !here.has(each))];
    if (!others.length) return found;
    const q = `id in (${others.map(quoted).join(", ")})`;
    if (this.pins?.q !== q) this.pins = { q, runs: (await getJson(`/runs/ids.json?${new URLSearchParams({ q })}`)).runs };
    return [...found, ...this.pins.runs];
  }

  /** Ids in the table's order, and where it is grouped the groups with theirs. */
  async wanted() {
    const rows = this.table.rows.filter((row) => row.dataset.group !== undefined && row.dataset.level === "0");
    if (rows.length) {
      const groups = await Promise.all(rows.map((row) => this.group(row)));
      return { runs: groups.flatMap(({ runs }) => runs), groups };
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
      const runs = given ? given.split(",") : (await getJson(`/runs/ids.json?${query}&limit=${MOST}`)).runs;
      this.groups.set(key, { label: labelOf(row), runs });
    }
    return this.groups.get(key);
  }

  tell(drawn, groups) {
    const { runs } = this.table.told;
    const all = runs.toLocaleString("en");
    this.bar.hidden = runs === 0;
    this.count.textContent = `${drawn.toLocaleString("en")} of ${all} ${runs === 1 ? "run" : "runs"} drawn${groups ? `, in ${groups.length} ${groups.length === 1 ? "group" : "groups"}` : ""}`;
    const shown = this.table.runs.length;
    this.button.hidden = Boolean(groups) || (!this.all && runs <= shown);
    this.button.ariaPressed = String(this.all);
    this.button.textContent = runs > MOST ? `First ${MOST} that match` : "All that match";
  }
}

const labelOf = (row) => row.querySelector(".group-name > span")?.textContent.trim().replace(/\s+/g, " ") ?? row.dataset.group;

const kept = (groups, drawn) =>
  groups.map(({ label, runs }) => ({ label, runs: runs.filter((run) => drawn.has(run)) })).filter(({ runs }) => runs.length);
