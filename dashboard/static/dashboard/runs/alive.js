// What changes by itself: the table when the queue or a shown run moves, the charts of runs that go on.
import { LiveSocket } from "../live.js";

const LOOK_EVERY = 5000; // ms: values of running runs in the table
const MOST = 16; // runs whose points are pushed, each by a socket; browsers give a page no more than a few dozen
const POLL_EVERY = 10000; // ms: while more are live than that, the charts on the screen are fetched anew
const QUIET = 400; // ms: several rings are one

export class Alive {
  constructor({ table, board, note = document.querySelector("[data-drawn-live]") }) {
    Object.assign(this, { table, board, note, drawn: [], sockets: new Map(), unfollowed: 0 });
    const look = () => (table.loading ? soon() : table.load({ live: true })); // the table on its way may be older than the news
    const soon = () => {
      clearTimeout(this.timer);
      this.timer = setTimeout(look, QUIET);
    };
    new LiveSocket("/ws/queue/", { onMessage: soon, onPoll: soon });
    document.addEventListener("whirr:refresh", look);
    setInterval(() => !document.hidden && table.told.live && table.load({ live: true }), LOOK_EVERY);
    setInterval(() => this.pollOthers(), POLL_EVERY);
  }

  /** Follow those of the drawn runs that have not ended: the first ones by sockets, all by asking anew. */
  follow(drawn = this.drawn) {
    this.drawn = drawn;
    const rows = new Map([...document.querySelectorAll("[data-row][data-run]")].map((row) => [row.dataset.run, row]));
    const live = drawn.filter((run) => this.isLive(run, rows.get(run)));
    const ending = new Set(drawn.filter((run) => this.sockets.has(run) && !live.includes(run))); // last points come yet
    const wanted = new Set(live.slice(0, Math.max(0, MOST - ending.size)));
    this.unfollowed = live.length - wanted.size;
    this.say(live.length, wanted.size);
    for (const run of this.sockets.keys()) if (!wanted.has(run) && !ending.has(run)) this.leave(run);
    for (const run of wanted) if (!this.sockets.has(run)) this.sockets.set(run, this.open(run));
  }

  /** The table knows best; of runs that it does not list (all that match are drawn) the board was told. */
  isLive(run, row) {
    return row ? "liveRun" in row.dataset : this.board.byRun.get(run)?.final === false;
  }

  /** Those that have no socket: what the charts on the screen show of them is fetched anew. */
  pollOthers() {
    if (this.unfollowed && !document.hidden) this.board.poll();
  }

  leave(run) {
    this.sockets.get(run)?.end();
    this.sockets.delete(run);
  }

  say(live, followed) {
    const said = `${followed} of ${live} unfinished runs are followed point by point; for the others the charts are fetched anew every ${POLL_EVERY / 1000} seconds.`;
    this.note.hidden = !this.unfollowed;
    this.note.textContent = this.unfollowed ? said : "";
  }

  open(run) {
    return new LiveSocket(`/ws/runs/${encodeURIComponent(run)}/`, {
      onOpen: () => this.tell(run),
      onMessage: (message) => {
        this.board.feed(run, message);
        if (message.type === "attempt") this.began();
        if (message.type === "behind") this.watch();
        if (message.type === "end") this.leave(run);
      },
      onPoll: () => this.soonPoll(),
    });
  }

  /** Where the charts stand, once they know the run; one that still waits has attempt 0, and its first is news, too. */
  tell(run) {
    const shown = this.board.byRun.get(run);
    if (shown) this.sockets.get(run)?.send({ attempt: shown.attempt, keys: shown.keys, points: this.board.cursors(run), newest: true });
  }

  /** A run was put back into the queue and goes on as a new attempt: its charts show that one from now on. */
  began() {
    clearTimeout(this.beginning);
    this.beginning = setTimeout(() => {
      this.board.revision += 1; // the points that are here are of another attempt
      this.board.reload(); // and then the server is told where the charts stand
    }, QUIET);
  }

  /** The sockets of all runs went down together: one poll is enough for all. */
  soonPoll() {
    clearTimeout(this.polling);
    this.polling = setTimeout(() => this.board.poll(), QUIET);
  }

  /** The charts on the screen are others now, or runs ended: the server is told what to send. */
  watch() {
    clearTimeout(this.watching);
    this.watching = setTimeout(() => {
      this.follow();
      for (const run of this.sockets.keys()) this.tell(run);
    }, QUIET);
  }
}
