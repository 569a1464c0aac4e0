// The strip beside the log: where errors and warnings are, and where the view is. A click goes there.
const NEAR = 0.02; // of the height: a click so far from a mark still means it
const PIXEL = 0.004; // of the height: what a hand cannot tell apart

export class Strip {
  constructor(canvas, { goto }) {
    Object.assign(this, { canvas, buckets: [], count: 0, view: [0, 0] });
    canvas.addEventListener("click", (event) => {
      const line = this.at(event.offsetY / canvas.clientHeight);
      if (line) goto(line);
    });
    document.addEventListener("whirr:theme", () => this.draw());
    new ResizeObserver(() => this.draw()).observe(canvas);
  }

  /** `buckets`: [line of the first problem, errors, warnings]. */
  take(buckets, count) {
    Object.assign(this, { buckets, count });
    this.draw();
  }

  /** The line that a click means, so far down: that of the nearest mark, an error's where two are as near. */
  at(share) {
    const line = Math.round(share * this.count);
    const near = this.buckets.filter(([at]) => Math.abs(at - line) <= this.count * NEAR);
    const far = ([at, errors]) => Math.abs(at - line) - (errors ? this.count * PIXEL : 0);
    const [best] = near.sort((a, b) => far(a) - far(b));
    return this.count && (best ? best[0] : Math.max(1, line));
  }

  /** `from` and `to`: shares of the whole that are in view. */
  look(from, to) {
    if (Math.abs(from - this.view[0]) + Math.abs(to - this.view[1]) < 0.001) return;
    this.view = [from, to];
    this.draw();
  }

  draw() {
    const { canvas } = this;
    const height = (canvas.height = Math.round(canvas.clientHeight * devicePixelRatio));
    const width = (canvas.width = Math.round(canvas.clientWidth * devicePixelRatio));
    const paint = canvas.getContext("2d");
    if (!paint || !height || !this.count) return;
    const colour = (name) => getComputedStyle(canvas).getPropertyValue(name);
    paint.fillStyle = colour("--line");
    paint.fillRect(0, this.view[0] * height, width, Math.max(2, (this.view[1] - this.view[0]) * height));
    const thick = Math.max(2 * devicePixelRatio, 2);
    const lane = (width - 4) / 2; // side by side: neither hides the other
    for (const [kind, place, from] of [["--warn", 2, 2], ["--bad", 1, 2 + lane]]) {
      paint.fillStyle = colour(kind);
      for (const bucket of this.buckets) {
        if (bucket[place]) paint.fillRect(from, Math.floor(((bucket[0] - 1) / this.count) * (height - thick)), lane, thick);
      }
    }
  }
}
