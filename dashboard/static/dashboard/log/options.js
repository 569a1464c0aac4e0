// How the reader wants logs: kept in this browser, set by the menu above the log.
const KEY = "whirr-log";
const DEFAULTS = { wrap: false, raw: false, repeats: "exact", times: "off", size: 12.5 };
const SIZES = [10, 11, 12.5, 14, 16, 18];

export class Options {
  constructor(root, onChange) {
    Object.assign(this, DEFAULTS, read());
    if (!SIZES.includes(this.size)) this.size = DEFAULTS.size;
    this.root = root;
    this.onChange = onChange;
    for (const name of ["wrap", "raw"]) {
      const box = root.querySelector(`[data-log-${name}]`);
      box.checked = this[name] === true;
      box.addEventListener("change", () => this.set(name, box.checked));
    }
    for (const name of ["repeats", "times"]) {
      const choice = root.querySelector(`[data-log-${name}]`);
      choice.value = this[name];
      if (choice.value !== this[name]) choice.value = this[name] = DEFAULTS[name];
      choice.addEventListener("change", () => this.set(name, choice.value));
    }
    root.querySelector("[data-log-smaller]").addEventListener("click", () => this.resize(-1));
    root.querySelector("[data-log-larger]").addEventListener("click", () => this.resize(1));
  }

  resize(by) {
    const at = SIZES.indexOf(this.size) + by;
    if (at >= 0 && at < SIZES.length) this.set("size", SIZES[at]);
  }

  /** As if the reader had ticked, or unticked, the box. */
  tick(name, value) {
    this.root.querySelector(`[data-log-${name}]`).checked = value;
    this.set(name, value);
  }

  set(name, value) {
    this[name] = value;
    const kept = Object.fromEntries(Object.keys(DEFAULTS).map((each) => [each, this[each]]));
    try {
      localStorage.setItem(KEY, JSON.stringify(kept));
    } catch {
      // a browser that keeps nothing shows it all the same
    }
    this.onChange(name);
  }

  /** Height of a row in px. */
  get row() {
    return Math.round(this.size * 1.5);
  }
}

function read() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? "{}");
    return kept && typeof kept === "object" ? kept : {};
  } catch {
    return {};
  }
}
