// Marks of a row that are this page's own: drawn or not, pinned, baseline, its colour, and what the charts point at.
import { colourOf, setColour } from "../charts/colours.js";
import { swatch } from "../charts/elements.js";
import { get, onChange, set } from "../urlstate.js";
import { labelOf } from "./drawn.js";
import { getList, toggle } from "./lists.js";
import { close, open, walk } from "./popover.js";

const STEP = { push: true }; // of the history: Back undoes it
const COLOURS = 8; // --series-0 … in tokens.css
const NAMES = ["blue", "orange", "green", "pink", "ochre", "sky", "plum", "grey"];

export class Rows {
  constructor({ table, tell }) {
    Object.assign(this, { table, tell, looks: new Map() });
    document.addEventListener("whirr:looks", ({ detail }) => {
      this.looks = detail;
      this.show();
    });
    this.palette = document.querySelector("[data-colour-panel]");
    table.box.addEventListener("click", (event) => this.click(event));
    table.box.addEventListener("pointerover", (event) => this.point(event.target));
    table.box.addEventListener("pointerleave", () => this.point(null));
    table.box.addEventListener("focusin", (event) => this.focus(event.target));
    document.addEventListener("whirr:hover", ({ detail }) => this.light(detail));
    onChange((names) => (!names || ["hide", "pins", "baseline"].some((name) => names.has(name))) && this.show());
    walk(this.palette);
    this.fillPalette();
  }

  click(event) {
    const button = event.target.closest("button");
    const run = button?.closest("[data-run]")?.dataset.run;
    if (!run) return;
    if (button.matches("[data-eye]")) this.said(run, toggle("hide", run, STEP) ? "not drawn" : "drawn");
    if (button.matches("[data-pin]")) this.said(run, toggle("pins", run, STEP) ? "pinned" : "no longer pinned");
    if (button.matches("[data-baseline]")) {
      const is = get("baseline") !== run;
      set({ baseline: is ? run : null }, STEP);
      this.said(run, is ? "the baseline" : "no longer the baseline");
    }
    if (button.matches("[data-colour]")) {
      this.painted = run;
      this.palette.ariaLabel = `Colour of ${run}`;
      open(this.palette, button);
    }
  }

  said(run, what) {
    this.tell(`${run} is ${what}.`);
  }

  /** The row that has the focus is the current one, for keys as for eyes. */
  focus(target) {
    const row = target.closest("[data-row]");
    if (!row || row.classList.contains("current")) return;
    for (const each of this.table.box.querySelectorAll(".current")) each.classList.remove("current");
    row.classList.add("current");
    this.point(row);
  }

  point(target) {
    const row = target?.closest("[data-run], [data-group][data-level='0']");
    const run = row ? (row.dataset.run ?? labelOf(row)) : null;
    if (run === this.pointed) return;
    this.pointed = run;
    document.dispatchEvent(new CustomEvent("whirr:hover", { detail: { run, from: "table" } }));
  }

  light({ run, from }) {
    for (const row of this.table.box.querySelectorAll(".lit")) row.classList.remove("lit");
    const row = run && from !== "table" && (this.row(run) ?? this.groups.find((each) => labelOf(each) === run));
    if (row) row.classList.add("lit");
  }

  row(run) {
    return this.table.box.querySelector(`[data-run="${CSS.escape(run)}"]`);
  }

  show() {
    const [hidden, pins, baseline] = [new Set(getList("hide")), new Set(getList("pins")), get("baseline")];
    for (const row of this.table.box.querySelectorAll("[data-run]")) {
      const { run } = row.dataset;
      const is = !hidden.has(run);
      press(row.querySelector("[data-eye]"), is);
      row.querySelector("[data-eye] use").setAttribute("href", is ? "#i-eye" : "#i-eye-off");
      row.classList.toggle("undrawn", !is);
      row.classList.toggle("is-baseline", baseline === run);
      press(row.querySelector("[data-pin]"), pins.has(run));
      press(row.querySelector("[data-baseline]"), baseline === run);
      this.paint(row);
    }
    for (const row of this.groups) this.paintGroup(row);
  }

  /** As the charts draw it; a run that they do not draw has its own colour, or the one that was chosen for it. */
  paint(row) {
    const button = row.querySelector("[data-colour]");
    const given = (button.dataset.given ??= /\bc(\d)\b/.exec(button.querySelector(".swatch").getAttribute("class"))?.[1] ?? "0");
    const own = { colour: `--series-${colourOf(row.dataset.run, Number(given))}` };
    button.replaceChildren(swatch(this.looks.get(row.dataset.run) ?? own));
  }

  /** A group that has curves shows which. */
  paintGroup(row) {
    const look = this.looks.get(labelOf(row));
    row.querySelector(".group-name > .swatch")?.remove();
    if (look) row.querySelector(".group-name")?.prepend(swatch(look));
  }

  get groups() {
    return [...this.table.box.querySelectorAll("[data-group][data-level='0']")];
  }

  fillPalette() {
    const button = (text, colour) => {
      const node = document.createElement("button");
      node.type = "button";
      node.className = "item";
      node.append(...(colour === null ? [] : [swatch({ colour: `--series-${colour}` })]), text);
      node.addEventListener("click", () => {
        setColour(this.painted, colour);
        this.show();
        close(this.palette);
      });
      return node;
    };
    const all = Array.from({ length: COLOURS }, (_, colour) => button(NAMES[colour], colour));
    all[0].dataset.first = "";
    this.palette.replaceChildren(...all, button("its own again", null));
  }
}

function press(button, is) {
  if (button) button.ariaPressed = String(is);
}
