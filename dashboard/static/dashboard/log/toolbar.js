// Buttons and keys above the log.
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
    part("view").addEventListener("keydown", (event) => this.key(event));
    this.menus();
  }

  fullScreen() {
    if (document.fullscreenElement) document.exitFullscreen();
    else this.viewer.root.requestFullscreen?.();
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { viewer } = this;
    const deeds = {
      "/": () => viewer.search.field.focus(),
      n: () => viewer.search.step(1),
      N: () => viewer.search.step(-1),
      Home: () => viewer.goto(1),
      End: () => viewer.setFollow(true),
    };
    if (!deeds[event.key]) return;
    event.preventDefault();
    event.stopPropagation();
    deeds[event.key]();
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
