// Two panes with a divider between them. How wide the left one is stands in the URL and is remembered for other visits.
import { get, onChange, set } from "../urlstate.js";

const LEAST = 20; // per cent
const MOST = 85;
const USUAL = 50;
const STEP = 2;
const KEPT = "whirr-split";

const within = (percent) => Math.min(Math.max(Math.round(percent), LEAST), MOST);

function remembered() {
  try {
    return JSON.parse(localStorage.getItem(KEPT)) || {};
  } catch {
    return {};
  }
}

export class Split {
  /** `root` holds [data-pane=left], [data-divider], [data-pane=right] and, anywhere in the page, buttons [data-fold]. */
  constructor(root, { onResized = () => {} } = {}) {
    Object.assign(this, { root, onResized });
    this.divider = root.querySelector("[data-divider]");
    this.folds = document.querySelectorAll("[data-fold]");
    this.divider.addEventListener("pointerdown", (event) => this.drag(event));
    this.divider.addEventListener("keydown", (event) => this.key(event));
    this.divider.addEventListener("dblclick", () => this.keep({ split: USUAL, fold: null }));
    for (const button of this.folds) button.addEventListener("click", () => this.fold(button.dataset.fold));
    onChange((names) => (!names || names.has("split") || names.has("fold")) && this.show());
    this.show();
  }

  get percent() {
    return within(Number(get("split")) || remembered().split || USUAL);
  }

  /** left, right or "". An address that says how the page is divided knows better than what this browser remembers. */
  get folded() {
    const said = get("fold") || (get("split") ? "" : remembered().fold || "");
    return ["left", "right"].includes(said) ? said : "";
  }

  show() {
    this.root.dataset.folded = this.folded;
    this.place(this.percent);
    for (const button of this.folds) button.ariaPressed = String(this.folded === button.dataset.fold);
    this.onResized();
  }

  place(percent) {
    this.root.style.setProperty("--left", `${percent}fr`);
    this.root.style.setProperty("--right", `${100 - percent}fr`);
    this.divider.ariaValueNow = String(percent);
    this.divider.ariaValueText = `table ${percent} %`;
  }

  fold(side) {
    this.keep({ fold: this.folded === side ? null : side, split: this.percent });
  }

  keep(changes) {
    const now = { split: this.percent, fold: this.folded || null, ...changes };
    try {
      localStorage.setItem(KEPT, JSON.stringify(now));
    } catch {
      // a browser that keeps nothing: the address still does
    }
    set(now);
    this.show();
  }

  drag(event) {
    if (event.button) return;
    event.preventDefault();
    this.divider.focus();
    this.divider.setPointerCapture(event.pointerId);
    const box = this.root.getBoundingClientRect();
    let percent = this.percent;
    const move = (at) => this.place((percent = within((100 * (at.clientX - box.left)) / box.width)));
    this.divider.addEventListener("pointermove", move);
    const end = () => {
      this.divider.removeEventListener("pointermove", move);
      this.keep({ split: percent });
    };
    this.divider.addEventListener("lostpointercapture", end, { once: true });
  }

  key(event) {
    const to = {
      ArrowLeft: this.percent - STEP,
      ArrowRight: this.percent + STEP,
      Home: LEAST,
      End: MOST,
    }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    this.keep({ split: within(to) });
  }
}
