// A condition that is clicked together: field, comparison, value. It writes the same text that one could type.
import { getJson, report } from "./ask.js";
import { close, hang } from "./popover.js";
import { nameOf, quoted } from "./words.js";

const EXISTS = "exists";

export class Clause {
  constructor({ filter }) {
    this.form = document.querySelector("[data-clause]");
    const find = (name) => this.form.querySelector(`[data-clause-${name}]`);
    Object.assign(this, { filter, field: find("field"), sign: find("operator"), value: find("value") });
    this.valueLabel = find("value-label");
    hang(this.form, document.querySelector("[data-clause-open]"), { onOpen: () => this.offerFields() });
    this.field.addEventListener("input", () => this.offerFields());
    this.value.addEventListener("focus", () => this.offerValues());
    this.sign.addEventListener("change", () => this.fit());
    this.form.addEventListener("submit", (event) => this.submit(event));
    this.fit();
  }

  fit() {
    const needed = this.sign.value !== EXISTS;
    this.valueLabel.hidden = !needed;
    this.value.required = needed;
  }

  submit(event) {
    event.preventDefault();
    const name = nameOf(this.field.value.trim());
    const [sign, value] = [this.sign.value, quoted(this.value.value.trim())];
    close(this.form);
    this.filter.add(sign === EXISTS ? `${name} exists` : `${name}${sign}${value}`);
    this.form.reset();
    this.fit();
  }

  async offerFields() {
    try {
      const query = new URLSearchParams({ q: "", find: this.field.value });
      const { groups } = await getJson(`/runs/columns.json?${query}`);
      const named = groups.flatMap(({ columns }) => columns.map(({ key, label }) => [key.replace(/:last$/, ""), label]));
      options(this.field.list, named);
    } catch (error) {
      report(error);
    }
  }

  /** What completion would offer behind the field and its sign. */
  async offerValues() {
    const q = this.field.value.trim() && `${nameOf(this.field.value.trim())}:`;
    if (!q) return;
    try {
      const { items } = await getJson(`/runs/complete.json?${new URLSearchParams({ q, at: q.length })}`);
      options(this.value.list, items.map(({ text, told }) => [text.trim().replace(/^"(.*)"$/, "$1"), told]));
    } catch (error) {
      report(error);
    }
  }
}

function options(list, pairs) {
  const made = pairs.map(([value, told]) => {
    const option = document.createElement("option");
    option.value = value;
    if (told && told !== value) option.label = `${value}  ${told}`;
    return option;
  });
  list.replaceChildren(...made);
}
