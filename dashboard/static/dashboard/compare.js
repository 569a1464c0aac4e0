// The compare page: each run that is not over has a socket of its own; its points go into the shared charts.
import { Charts } from "./charts.js";
import { LiveSocket } from "./live.js";

const TABLES_EVERY = 5000;

const chartsRoot = document.querySelector("#charts");
const sockets = new Map();

const charts = chartsRoot && new Charts(chartsRoot, { onShown: () => sockets.forEach((each) => each.watch()) });
let changed = false;

function follow(contender) {
  const run = contender.dataset.contender;
  let attempt = Number(contender.dataset.attempt);
  const watch = () =>
    socket.send({ attempt, newest: true, log: null, version: "", keys: charts.cards().length, points: charts.cursors(run) });
  const all = () => charts.shown.forEach((key) => charts.want(key));
  const deeds = {
    points: (message) => message.attempt === attempt && charts.append(run, message.series),
    behind: (message) => message.keys.forEach((key) => charts.want(key)),
    attempt: (message) => {
      attempt = message.attempt;
      all();
    },
    end: () => socket.end(),
  };
  const socket = new LiveSocket(`/ws/runs/${run}/`, {
    onOpen: watch,
    onMessage: (message) => {
      changed = true;
      deeds[message.type]?.(message);
    },
    onPoll: all,
  });
  sockets.set(run, { watch });
}

/** Legend, tables and cards as the server draws them now. */
async function refreshRest() {
  if (!changed || document.hidden) return;
  changed = false;
  const answer = await fetch(location.href);
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const selector of [".legend", "[data-metrics]"]) {
    const [mine, theirs] = [document.querySelector(selector), fresh.querySelector(selector)];
    if (mine && theirs && mine.innerHTML !== theirs.innerHTML) mine.replaceWith(document.adoptNode(theirs));
  }
  charts.merge(fresh.querySelector("#charts"));
}

if (charts) {
  document.querySelectorAll('[data-contender][data-final="0"]').forEach(follow);
  setInterval(refreshRest, TABLES_EVERY);
}
