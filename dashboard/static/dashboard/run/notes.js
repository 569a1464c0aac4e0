// Notes in place: written as Markdown, previewed by the server, kept with who and when. Whatever was typed stays until
// it is saved or thrown away: across reloads in this tab, and where somebody else was quicker.
import { ask, post, report } from "../asking.js";
import { forget, refresh } from "../live.js";
import { toast } from "../toast.js";
import { describe } from "./describing.js";
import { button, element } from "./elements.js";

const LONGEST = 65536;

export class Notes {
  constructor(root, { run }) {
    Object.assign(this, { root, run, draftKey: `whirr-notes-${run}` });
    root.addEventListener("click", (event) => event.target.closest("[data-edit-notes]") && this.edit());
    if (this.draft !== null && root.querySelector("[data-edit-notes]")) this.edit();
  }

  get part() {
    return this.root.querySelector("[data-notes]");
  }

  get draft() {
    try {
      return JSON.parse(sessionStorage.getItem(this.draftKey));
    } catch {
      return null;
    }
  }

  keep() {
    try {
      sessionStorage.setItem(this.draftKey, JSON.stringify({ text: this.field.value, seen: this.seen }));
    } catch {
      // no room, or none allowed: the field has it still
    }
  }

  forget() {
    try {
      sessionStorage.removeItem(this.draftKey);
    } catch {
      // none was kept
    }
  }

  get isEdited() {
    return Boolean(this.form?.isConnected);
  }

  /** The header changed: show the notes as they are, unless somebody writes some. */
  refresh() {
    if (!this.isEdited) refresh(this.root);
  }

  edit() {
    const source = this.part.querySelector("[data-notes-source]").content.textContent;
    const draft = this.draft;
    this.seen = draft?.seen ?? this.part.dataset.seen;
    this.field = element("textarea", { rows: "8", maxlength: LONGEST, "aria-label": "Notes, in Markdown", class: "code", input: () => this.keep() });
    this.field.value = draft?.text ?? source;
    this.field.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) this.save();
    });
    this.shown = element("div", { class: "markdown", hidden: true, tabindex: "0", role: "region", "aria-label": "Preview" });
    this.others = element("div", { class: "others", hidden: true, role: "alert" });
    this.look = button("Preview", () => this.preview(), { "aria-pressed": "false" });
    this.form = element(
      "form",
      { class: "notes-form", "data-editing": true, submit: (event) => event.preventDefault() },
      this.others,
      this.field,
      this.shown,
      element(
        "div",
        { class: "acts-line" },
        button("Save", () => this.save(), { main: true }),
        this.look,
        button("Cancel", () => this.cancel()),
        element("span", { class: "soft small" }, "Markdown · Ctrl-Enter saves"),
      ),
    );
    this.before = { nodes: [...this.part.childNodes], none: this.part.classList.contains("none") };
    this.part.classList.remove("none");
    this.part.replaceChildren(this.part.querySelector("[data-notes-source]"), this.form);
    this.field.focus();
  }

  async preview() {
    const pressed = this.look.getAttribute("aria-pressed") !== "true";
    this.look.setAttribute("aria-pressed", String(pressed));
    this.look.textContent = pressed ? "Write" : "Preview";
    this.field.hidden = pressed;
    this.shown.hidden = !pressed;
    if (!pressed) return this.field.focus();
    try {
      const text = await post(`/runs/${this.run}/notes/preview`, { notes: this.field.value });
      // Rendered and cleaned by the server, as the notes themselves are.
      const clean = new DOMParser().parseFromString(text, "text/html").body;
      this.shown.replaceChildren(...clean.childNodes);
    } catch (error) {
      report(error, { doing: "Preview" });
    }
  }

  cancel() {
    this.forget();
    this.close();
  }

  /** The notes stand there again at once, and then as the server has them now. */
  close() {
    this.part.replaceChildren(...this.before.nodes);
    this.part.classList.toggle("none", this.before.none);
    forget(this.root);
    window.htmx.trigger(this.root, "refresh");
  }

  async save() {
    const change = { notes: this.field.value, notes_seen: this.seen || null };
    try {
      const now = await (await ask(`/api/v1/runs/${this.run}`)).json();
      if (Date.parse(now.notes_at ?? 0) !== Date.parse(this.seen || 0)) return this.conflict(now);
      await describe(this.run, change);
      this.forget();
      this.close();
      toast("The notes are saved.");
    } catch (error) {
      if (error.told?.code === "conflict") this.conflict(error.told);
      else report(error, { doing: "Notes" });
    }
  }

  /** Somebody else was quicker: their notes stand above ours until both are one. */
  conflict({ notes, notes_by: by, notes_at: at }) {
    this.seen = at ?? "";
    this.keep();
    const theirs = element("pre", { tabindex: "0", "aria-label": "Their notes" });
    theirs.textContent = notes;
    const join = () => {
      this.field.value = `${notes.trimEnd()}\n\n${this.field.value}`;
      this.others.hidden = true;
      this.keep();
      this.field.focus();
    };
    this.others.replaceChildren(
      element("p", {}, `${by || "Somebody"} changed the notes meanwhile.`),
      theirs,
      element("div", { class: "acts-line" }, button("Put theirs above mine", join), element("span", { class: "soft small" }, "Save keeps what stands in the field, instead of theirs.")),
    );
    this.others.hidden = false;
  }
}
