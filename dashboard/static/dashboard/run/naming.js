// The name and the tags of a run, changed where they stand.
import { ask, report } from "../asking.js";
import { forget } from "../live.js";
import { describe } from "./describing.js";
import { button, element } from "./elements.js";

const WAIT = 150; // ms after the last key

export class Naming {
  /** `head` is fetched anew by `done()`; while somebody types in it, `isEdited` says to leave it alone. */
  constructor(head, { run, done }) {
    Object.assign(this, { head, run, done, before: [] });
    head.addEventListener("click", (event) => {
      if (event.target.closest("[data-rename]")) this.rename();
      if (event.target.closest("[data-edit-tags]")) this.editTags();
    });
  }

  get isEdited() {
    return Boolean(this.head.querySelector("[data-editing]"));
  }

  async change(what, doing) {
    try {
      return await describe(this.run, what);
    } catch (error) {
      report(error, { doing });
      return null;
    }
  }

  /** What stood there stands there again, until the head comes anew. */
  edit(place, form) {
    this.before.push({ place, nodes: [...place.childNodes] });
    place.replaceChildren(form);
  }

  close() {
    for (const { place, nodes } of this.before.splice(0)) place.replaceChildren(...nodes);
    forget(this.head);
    this.done();
  }

  rename() {
    const place = this.head.querySelector("[data-name-shown]");
    const field = element("input", { type: "text", maxlength: "255", "aria-label": "Name of the run" });
    field.value = this.head.querySelector("[data-name]").dataset.name;
    const save = async (event) => {
      event.preventDefault();
      if (await this.change({ name: field.value }, "Rename")) this.close();
    };
    const form = element("form", { class: "rename", "data-editing": true, submit: save }, field, element("button", { class: "button slim main" }, "Save"), button("Cancel", () => this.close()));
    field.addEventListener("keydown", (event) => event.key === "Escape" && this.close());
    this.edit(place, form);
    field.focus();
    field.select();
  }

  editTags() {
    const place = this.head.querySelector("[data-tags]");
    this.tags = [...place.querySelectorAll("[data-tag]")].map((tag) => tag.dataset.tag);
    this.kept = this.tags;
    this.chips = element("span", { class: "tags" });
    const list = element("datalist", { id: "known-tags" });
    const field = element("input", { type: "text", maxlength: "100", list: "known-tags", placeholder: "New tag", "aria-label": "New tag", autocomplete: "off", input: () => this.complete(field, list) });
    const add = async (event) => {
      event.preventDefault();
      const tag = field.value.trim();
      if (!tag) return this.close();
      field.value = "";
      const isKept = await this.setTags([...this.tags.filter((each) => each !== tag), tag]);
      if (!isKept) field.value ||= tag;
      return undefined;
    };
    const form = element("form", { class: "edit-tags", "data-editing": true, submit: add }, this.chips, field, list, element("button", { class: "button slim" }, "Add"), button("Done", () => this.close()));
    field.addEventListener("keydown", (event) => event.key === "Escape" && this.close());
    this.field = field;
    this.showTags();
    this.edit(place, form);
    field.focus();
    this.complete(field, list);
  }

  showTags() {
    const hadFocus = this.chips.contains(document.activeElement);
    this.chips.replaceChildren(
      ...this.tags.map((tag) =>
        element("span", { class: "tag" }, tag, element("button", { type: "button", "aria-label": `Remove ${tag}`, click: () => this.setTags(this.tags.filter((each) => each !== tag)) }, "×")),
      ),
    );
    if (hadFocus) this.field.focus();
  }

  /** Shown at once and sent one after the other, so that a quick second change is made to the first one's tags. */
  async setTags(tags) {
    this.tags = tags;
    this.showTags();
    const mine = Promise.resolve(this.sent).then(() => this.change({ tags }, "Tags"));
    this.sent = mine;
    const told = await mine;
    this.kept = told?.tags ?? this.kept;
    if (this.sent === mine) {
      this.tags = this.kept;
      this.showTags();
      if (!this.isEdited) this.done();
    }
    return Boolean(told);
  }

  complete(field, list) {
    clearTimeout(this.timer);
    this.timer = setTimeout(async () => {
      try {
        const { tags } = await (await ask(`/runs/${this.run}/tags.json?find=${encodeURIComponent(field.value)}`)).json();
        const known = tags.filter((tag) => !this.tags.includes(tag)).slice(0, 20);
        list.replaceChildren(...known.map((tag) => element("option", { value: tag })));
      } catch {
        // completion is a comfort
      }
    }, WAIT);
  }
}
