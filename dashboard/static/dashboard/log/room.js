// How high the list is: what is left of the window below where it begins, so that its last lines are on the screen.
const LEAST = 280; // px, or half of a small window
const BELOW = 16; // px

export class Room {
  /** `body` holds the list; `panel` is all of the viewer. */
  constructor(panel, body) {
    this.body = body;
    const watcher = new ResizeObserver(() => this.later());
    for (const each of [document.body, panel]) watcher.observe(each); // what stands above came, went, or wraps
    addEventListener("resize", () => this.later());
    this.fit();
  }

  later() {
    this.wanted ??= requestAnimationFrame(() => {
      this.wanted = undefined;
      this.fit();
    });
  }

  fit() {
    const { body } = this;
    if (!body.getClientRects().length) return;
    const height = document.documentElement.clientHeight;
    const room = height - (body.getBoundingClientRect().top + scrollY) - BELOW;
    body.style.setProperty("--log-room", `${Math.floor(Math.max(room, Math.min(LEAST, height / 2)))}px`);
  }

  /** Where there was not enough room, the page moves until all of the list is seen. */
  bring() {
    this.fit();
    this.body.scrollIntoView({ block: "nearest" });
  }
}
