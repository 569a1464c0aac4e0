// The charts: a board of the runs that are shown. Runs that are not over send their new points.
import { Board } from "../charts/board.js";
import { LiveSocket } from "../live.js";
import { quietly } from "./lazy.js";

const FOLLOWED = 12; // sockets of one page; browsers give it no more than a few dozen
const DRAWN = 500; // what one board takes

export function mountCharts(root, state, { onNews }) {
  const unfinished = state.all.filter((run) => !run.final);
  const watching = [];
  const onShown = () => watching.forEach((watch) => watch());
  const board = new Board(root.querySelector("[data-board]"), { live: unfinished.length > 0, onShown });
  const note = root.querySelector("[data-charts-note]");
  const show = () => {
    const runs = state.shown();
    board.show(runs.slice(0, DRAWN).map((run) => ({ run: run.id, attempt: run.attempt })));
    const said = [];
    if (runs.length > DRAWN) said.push(`The charts draw the first ${DRAWN} of ${runs.length} runs; brush or sort to see others.`);
    if (unfinished.length > FOLLOWED) {
      said.push(`${FOLLOWED} of ${unfinished.length} unfinished runs are followed live; load the page anew for the others.`);
    }
    note.textContent = said.join(" ");
    note.hidden = !said.length;
  };
  for (const what of ["order", "kept"]) state.on(what, quietly(show, 60));
  show();
  for (const run of unfinished.slice(0, FOLLOWED)) watching.push(follow(run, board, { state, show, onNews }));
  return board;
}

function follow(run, board, { state, show, onNews }) {
  let { attempt } = run;
  const watch = () =>
    socket.send({ attempt, newest: true, log: null, version: "", keys: board.keysOf(run.id), points: board.cursors(run.id) });
  const socket = new LiveSocket(`/ws/runs/${run.id}/`, {
    onOpen: watch,
    onMessage(message) {
      if (message.type === "points" || message.type === "behind" || message.type === "keys") board.feed(run.id, message);
      if (message.type === "attempt") {
        ({ attempt } = message);
        state.began(run.id, attempt);
        show();
        watch();
      }
      if (message.type === "end") socket.end();
      onNews();
    },
    onPoll: () => board.poll(),
  });
  return watch;
}
