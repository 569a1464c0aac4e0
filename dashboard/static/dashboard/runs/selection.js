// Which runs are selected. What is selected outlives a refresh, another page and another filter; the tab keeps it.
const KEPT = "whirr-chosen";

export class Selection {
  constructor({ onChange = () => {} } = {}) {
    this.onChange = onChange;
    this.ids = new Set(this.kept());
    this.whole = null; // {q, count}: these are all runs that match q
  }

  kept() {
    try {
      return JSON.parse(sessionStorage.getItem(KEPT)) || [];
    } catch {
      return [];
    }
  }

  /** How many runs are meant; of a very large selection only the first ids are known here. */
  get size() {
    return this.whole?.count ?? this.ids.size;
  }

  has(id) {
    return this.ids.has(id);
  }

  put(ids, is) {
    for (const id of ids) is ? this.ids.add(id) : this.ids.delete(id);
    this.changed(null);
  }

  /** All that match a filter: exactly these. */
  putWhole(ids, whole) {
    this.ids = new Set(ids);
    this.changed(whole);
  }

  clear() {
    this.ids.clear();
    this.changed(null);
  }

  changed(whole) {
    this.whole = whole;
    try {
      sessionStorage.setItem(KEPT, JSON.stringify([...this.ids]));
    } catch {
      // too many for the tab's memory: they are selected until the page is left
    }
    this.onChange();
  }
}
