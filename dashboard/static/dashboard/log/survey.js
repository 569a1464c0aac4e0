// Where errors are and which lines belong together, as far as the server has looked.
const EVERY = 10000; // ms, while the log grows
const BY_HAND = ["wheel", "touchmove", "pointerdown", "keydown"];

export class Survey {
  constructor(viewer) {
    this.viewer = viewer;
    const touched = () => (this.touched = viewer.pages);
    for (const what of BY_HAND) viewer.root.addEventListener(what, touched, { passive: true });
    document.addEventListener("visibilitychange", () => this.due && this.turn());
  }

  /** `open`: show where the run failed, unless somebody is at the log already. */
  async run({ open = false } = {}) {
    const { viewer } = this;
    const { pages } = viewer;
    if (!pages.count) return;
    for (let complete = false; !complete && pages === viewer.pages; ) {
      const found = await this.ask().catch(() => null);
      if (!found || pages !== viewer.pages) return;
      complete = found.complete;
      viewer.list.keeping(() => {
        viewer.folds.take(found.folds, found.surveyed, found.folds_left_out, found.failure?.line);
        viewer.ranks.take(found);
        viewer.versions.clear();
        viewer.shape();
      });
      viewer.strip.take(found.buckets, found.count);
      const isRead = viewer.target || this.touched === pages;
      if (complete && open && found.failure && !isRead) viewer.goto(found.failure.line, found.failure.error_line);
    }
    viewer.list.later();
  }

  async ask() {
    const { base, attempt, ranks } = this.viewer;
    const answer = await fetch(`${base}survey?attempt=${attempt}${ranks.query}`);
    return answer.ok ? answer.json() : null;
  }

  soon() {
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      this.turn();
    }, EVERY);
  }

  /** Of a page that nobody sees: as soon as somebody does. */
  turn() {
    this.due = document.hidden;
    if (!this.due) this.run();
  }
}
