// The runs on top of the page: each with its colour, and what can be done with it here.
import { report } from "../asking.js";
import { button, icon, node, swatch } from "./nodes.js";

const FIRST = 24;
const MARKS = { running: "play", completed: "check", failed: "cross", cancelled: "stop", pending: "clock" };
const TONES = { running: "live", completed: "good", failed: "bad" };

export class Strip {
  constructor(root, state) {
    Object.assign(this, { root, state, all: false });
    this.list = root.querySelector("[data-strip-list]");
    this.note = root.querySelector("[data-strip-note]");
    this.list.addEventListener("dragstart", (event) => this.dragged(event));
    this.list.addEventListener("dragover", (event) => this.held && event.preventDefault());
    this.list.addEventListener("drop", (event) => this.dropped(event));
    this.list.addEventListener("keydown", (event) => this.pressed(event));
    for (const what of ["order", "kept"]) state.on(what, () => this.draw());
    this.draw();
  }

  draw() {
    const focused = document.activeElement?.closest("[data-strip-list] [data-run]")?.dataset.run;
    const verb = document.activeElement?.dataset.verb;
    const runs = this.state.ordered();
    const shown = this.all ? runs : runs.slice(0, FIRST);
    this.list.replaceChildren(...shown.map((run) => this.chip(run)));
    this.drawNote(runs.length, shown.length);
    if (focused) this.find(focused)?.querySelector(verb ? `[data-verb="${verb}"]` : "a")?.focus();
  }

  find(id) {
    return this.list.querySelector(`[data-run="${CSS.escape(id)}"]`);
  }

  drawNote(count, shown) {
    this.note.replaceChildren();
    if (shown < count || this.all) {
      const text = this.all ? `Show the first ${FIRST} alone` : `Show all ${count}`;
      this.note.append(button(text, () => this.toggleAll(), { className: "bare" }));
    }
    if (!this.state.isNarrowed) return;
    const kept = this.state.shown().length;
    const said = node("span", { role: "status", "data-kept": kept }, `${kept} of ${count} runs are shown below. `);
    said.append(button("Show all runs", () => this.clear()), " ", button("Compare these alone", () => this.goTo()));
    this.note.append(said);
  }

  toggleAll() {
    this.all = !this.all;
    this.draw();
  }

  clear() {
    this.state.tell("clear");
  }

  async goTo() {
    try {
      location.assign(await this.state.addressOf(this.state.shown().map((run) => run.id)));
    } catch (error) {
      report(error);
    }
  }

  chip(run) {
    const { state } = this;
    const isBase = state.baseline === run.id;
    const isPinned = state.pins.includes(run.id);
    const given = { class: "chip", "data-run": run.id, "data-row": true, draggable: "true" };
    if (isBase) given["data-is-baseline"] = true;
    if (!state.isKept(run.id)) given.class += " is-out";
    const verb = (name, made) => {
      made.dataset.verb = name;
      made.dataset[name] = "";
      return made;
    };
    return node(
      "li",
      given,
      swatch(run),
      node("a", { href: `/runs/${encodeURIComponent(run.id)}/`, title: run.id }, run.label),
      node(
        "span",
        { class: `badge is-${TONES[run.state] ?? "still"}`, "data-state": run.state },
        icon(MARKS[run.state] ?? "circle"),
        node("span", {}, run.state),
      ),
      isBase && node("span", { class: "tag" }, "baseline"),
      verb("baseline", button(icon("target"), () => state.setBaseline(run.id), { label: `Compare with ${run.label}`, pressed: isBase, className: "bare" })),
      verb("pin", button(icon("pin"), () => state.togglePin(run.id), { label: `Pin ${run.label}`, pressed: isPinned, className: "bare" })),
      verb("remove", button(icon("cross"), () => state.remove(run.id).catch(report), { label: `Leave ${run.label} out`, className: "bare" })),
    );
  }

  dragged(event) {
    this.held = event.target.closest?.("[data-run]")?.dataset.run ?? "";
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", this.held);
  }

  dropped(event) {
    event.preventDefault();
    const before = event.target.closest("[data-run]")?.dataset.run;
    if (this.held && before) this.state.move(this.held, before).catch(report);
    this.held = "";
  }

  /** Shift and an arrow move the run whose chip has the focus. */
  pressed(event) {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const id = event.target.closest("[data-run]")?.dataset.run;
    if (!by || !event.shiftKey || !id) return;
    event.preventDefault();
    const ids = this.state.all.map((run) => run.id);
    const at = ids.indexOf(id) + by;
    if (at < 0 || at >= ids.length) return;
    this.state.move(id, by < 0 ? ids[at] : ids[at + 1]).catch(report);
  }
}
