// What changes by itself: the table when the queue or a shown run moves, the charts of runs that go on.
import { LiveSocket } from "../live.js";

const LOOK_EVERY = 5000; // ms: values of running runs in the table
const MOST = 16; // runs whose points are pushed; the charts of others are fetched anew
const QUIET = 400; // ms: several rings are one

export class Alive {
  constructor({ table, board }) {
    Object.assign(this, { table, board, sockets: new Map() });
    const soon = () => {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => table.load({ live: true }), QUIET);
    };
    new LiveSocket("/ws/queue/", { onMessage: soon, onPoll: soon });
    document.addEventListener("whirr:refresh", () => table.load({ live: true }));
    setInterval(() => !document.hidden && table.told.live && table.load({ live: true }), LOOK_EVERY);
  }

  /** Follow those of the drawn runs that have not ended. */
  follow(drawn) {
    const running = new Set([...document.querySelectorAll("[data-live-run]")].map((row) => row.dataset.run));
    const wanted = new Set(drawn.filter((run) => running.has(run)).slice(0, MOST));
    for (const [run, socket] of this.sockets) {
      if (wanted.has(run)) continue;
      socket.end();
      this.sockets.delete(run);
    }
    for (const run of wanted) if (!this.sockets.has(run)) this.sockets.set(run, this.open(run));
  }

  open(run) {
    let known = false; // the first count of metrics is of those that the charts were made from
    return new LiveSocket(`/ws/runs/${encodeURIComponent(run)}/`, {
      onOpen: () => this.tell(run),
      onMessage: (message) => {
        const isOld = message.type === "keys" && !known && message.count <= this.board.keyCount;
        if (message.type === "keys") known = true;
        if (!isOld) this.board.feed(run, message);
        if (message.type === "behind" || message.type === "attempt") this.watch();
      },
    });
  }

  tell(run) {
    const { attempt } = this.board.byRun.get(run) ?? {};
    if (attempt) this.sockets.get(run)?.send({ attempt, points: this.board.cursors(run), newest: false });
  }

  /** The charts on the screen are others now: the server is told what to send. */
  watch() {
    clearTimeout(this.watching);
    this.watching = setTimeout(() => [...this.sockets.keys()].forEach((run) => this.tell(run)), QUIET);
  }
}
