// Buttons above the log, and its keys: they work wherever on the page one is, while the log is what one sees.
import { addKey } from "../keys.js";

export class Toolbar {
  constructor(viewer) {
    this.viewer = viewer;
    const { part } = viewer;
    part("follow").addEventListener("click", () => viewer.setFollow(!viewer.following));
    part("end").addEventListener("click", () => viewer.setFollow(true));
    part("goto").addEventListener("submit", (event) => {
      event.preventDefault();
      const line = Number.parseInt(part("line").value.replace(/[^0-9]/g, ""), 10);
      if (line > 0) {
        viewer.links.choose([line, line]);
        viewer.goto(line);
        part("menu").open = false;
        part("view").focus({ preventScroll: true });
      }
    });
    part("full").addEventListener("click", () => this.fullScreen());
    document.addEventListener("fullscreenchange", () => {
      part("full").ariaPressed = String(document.fullscreenElement === viewer.root);
    });
    part("more").addEventListener("click", () => {
      part("more").ariaExpanded = String(part("tools").classList.toggle("all"));
    });
    this.keys();
    this.menus();
  }

  fullScreen() {
    if (document.fullscreenElement) document.exitFullscreen();
    else this.viewer.root.requestFullscreen?.();
  }

  keys() {
    const { viewer } = this;
    const { search } = viewer;
    const view = viewer.part("view");
    const when = () => view.getClientRects().length > 0;
    // A list that has the focus scrolls by itself: this one, and the one of hits.
    const page = (by) => (event) => !event.target.closest("[data-log-view], [data-log-hit-list]") && viewer.list.page(by);
    const keys = [
      ["/", "search the log", () => search.field.focus()],
      ["n", "next hit in the log", () => search.step(1)],
      ["N", "previous hit in the log", () => search.step(-1)],
      ["Home", "first line of the log", () => viewer.goto(1, 1, { near: true })],
      ["End", "end of the log, and follow it", () => viewer.setFollow(true)],
      ["PageUp", "a page of the log up", page(-1)],
      ["PageDown", "a page of the log down", page(1)],
    ];
    for (const [key, does, run] of keys) addKey(key, does, run, { when });
  }

  /** A menu closes when something else is clicked, and with Escape. */
  menus() {
    const menus = [...this.viewer.root.querySelectorAll("details.menu")];
    document.addEventListener("click", (event) => {
      for (const menu of menus) if (!menu.contains(event.target)) menu.open = false;
    });
    for (const menu of menus) {
      menu.addEventListener("keydown", (event) => {
        if (event.key !== "Escape" || !menu.open) return;
        event.stopPropagation();
        menu.open = false;
        menu.querySelector("summary").focus();
      });
    }
  }
}
