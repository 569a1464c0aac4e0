// The size of charts: a corner that is dragged, or moved with the arrow keys; all charts of a board have the same.
const LEAST = { width: 240, height: 140 };
const MOST = { width: 1600, height: 900 };
const STEP = 20;

const clamp = (value, side) => Math.max(LEAST[side], Math.min(MOST[side], Math.round(value)));

export class Sizing {
  constructor(board) {
    this.board = board;
    const kept = board.settings.kept.size;
    if (kept && Number.isFinite(kept.width) && Number.isFinite(kept.height)) this.apply(kept);
    this.pressed = (event) => this.begin(event);
    this.keyed = (event) => this.key(event);
    board.root.addEventListener("pointerdown", this.pressed);
    board.root.addEventListener("keydown", this.keyed);
  }

  apply({ width, height }) {
    this.size = { width: clamp(width, "width"), height: clamp(height, "height") };
    this.board.root.style.setProperty("--chart-width", `${this.size.width}px`);
    this.board.root.style.setProperty("--chart-height", `${this.size.height}px`);
  }

  sizeOf(card) {
    return this.size ?? { width: card.clientWidth, height: card.querySelector("[data-plot]").clientHeight };
  }

  begin(event) {
    const handle = event.target.closest("[data-chart-size]");
    if (!handle) return;
    event.preventDefault();
    handle.focus();
    handle.setPointerCapture(event.pointerId);
    const card = handle.closest("[data-key]");
    const from = { width: card.clientWidth, height: card.querySelector("[data-plot]").clientHeight };
    const [x, y] = [event.clientX, event.clientY];
    const move = (each) => this.apply({ width: from.width + each.clientX - x, height: from.height + each.clientY - y });
    const end = () => {
      handle.removeEventListener("pointermove", move);
      this.keep();
    };
    handle.addEventListener("pointermove", move);
    handle.addEventListener("pointerup", end, { once: true });
    handle.addEventListener("pointercancel", end, { once: true });
  }

  key(event) {
    const handle = event.target.closest?.("[data-chart-size]");
    const [across, down] = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] }[event.key] ?? [0, 0];
    if (!handle || (!across && !down)) return;
    event.preventDefault();
    const { width, height } = this.sizeOf(handle.closest("[data-key]"));
    this.apply({ width: width + across * STEP, height: height + down * STEP });
    this.keep();
  }

  keep() {
    if (!this.size) return;
    this.board.settings.keep({ size: this.size });
    this.board.resize();
  }

  destroy() {
    this.board.root.removeEventListener("pointerdown", this.pressed);
    this.board.root.removeEventListener("keydown", this.keyed);
  }
}
