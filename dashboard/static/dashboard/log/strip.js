// The strip beside the log: where errors and warnings are, and where the view is. A click goes there.
export class Strip {
  constructor(canvas, { goto }) {
    Object.assign(this, { canvas, buckets: [], count: 0, view: [0, 0] });
    canvas.addEventListener("click", (event) => {
      const share = event.offsetY / canvas.clientHeight;
      const line = Math.max(1, Math.round(share * this.count));
      const near = this.buckets.filter(([at]) => Math.abs(at - line) < this.count / 50);
      const best = near.sort((a, b) => Math.abs(a[0] - line) - Math.abs(b[0] - line))[0];
      goto(best ? best[0] : line, best ? "problem" : "line");
    });
    document.addEventListener("whirr:theme", () => this.draw());
    new ResizeObserver(() => this.draw()).observe(canvas);
  }

  take(buckets, count) {
    Object.assign(this, { buckets, count: Math.max(count, this.count) });
    this.draw();
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
    for (const kind of ["--warn", "--bad"]) {
      paint.fillStyle = colour(kind);
      for (const [line, errors, warnings] of this.buckets) {
        if (kind === "--bad" ? errors : warnings) paint.fillRect(2, Math.floor((line / this.count) * height), width - 4, thick);
      }
    }
  }
}
