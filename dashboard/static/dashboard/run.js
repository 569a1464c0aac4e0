// The page of one run: charts, log and header follow one socket, each from its own cursor.
import { Charts } from "./charts.js";
import { LiveSocket, refresh } from "./live.js";
import { Log } from "./log.js";
import { Media } from "./media.js";

const NUMBERS_EVERY = 5000;

const root = document.querySelector("[data-run]");
const run = root.dataset.run;
const newest = root.dataset.newest === "1";
const head = document.querySelector("#head");
const side = document.querySelector("#side");
const alerts = document.querySelector("#alerts");
const byWriter = document.querySelector("#by-writer");
let attempt = Number(root.dataset.attempt);

const isFinal = () => head.querySelector("[data-final]")?.dataset.final === "1";
const version = () => head.querySelector("[data-version]")?.dataset.version ?? "";

let socket;
const watch = () =>
  socket?.send({
    attempt,
    newest,
    version: version(),
    keys: charts.cards().length,
    events: media.cursor,
    log: ready ? log.cursor : null,
    points: charts.cursors(run),
  });

const charts = new Charts(document.querySelector("#charts"), { onShown: watch });
const media = new Media(document.querySelector("[data-media]"), { attempt });
const log = new Log(document.querySelector("[data-log]"), { attempt, live: !isFinal() });
let ready = false; // the end of the log is on the page

async function showLog() {
  ready = false;
  try {
    await log.start();
    ready = true;
    watch();
  } catch (error) {
    console.warn(error);
    setTimeout(showLog, 3000);
  }
}

async function mergeCards() {
  const answer = await fetch(`/runs/${run}/charts?attempt=${attempt}`);
  if (!answer.ok) return;
  charts.merge(new DOMParser().parseFromString(await answer.text(), "text/html"));
  watch();
}

function switchTo(number) {
  attempt = number;
  log.reset(number);
  log.setFollow(true);
  charts.reset(`attempt=${number}`);
  media.reset(number);
  refreshParts();
  showLog();
}

function refreshParts() {
  for (const part of [head, side, alerts, byWriter]) refresh(part);
}

function showEvents() {
  refresh(alerts);
  media.refresh();
}

// The numbers in the table of several writers change with every point: they are read anew now and then.
let soon;

function refreshNumbers() {
  soon ??= setTimeout(() => {
    soon = undefined;
    refresh(byWriter);
  }, NUMBERS_EVERY);
}

const deeds = {
  log: (message) => log.push(message),
  points: (message) => {
    if (message.attempt !== attempt) return;
    charts.append(run, message.series);
    refreshNumbers();
  },
  behind: (message) => message.keys.forEach((key) => charts.want(key)),
  keys: mergeCards,
  events: showEvents,
  header: refreshParts,
  attempt: (message) => switchTo(message.attempt),
  end: () => socket.end(),
};

socket = new LiveSocket(`/ws/runs/${run}/`, {
  onOpen: watch,
  onMessage: (message) => deeds[message.type]?.(message),
  onPoll: () => {
    refreshParts();
    media.refresh();
    charts.cards().forEach((card) => charts.shown.has(card.dataset.key) && charts.want(card.dataset.key));
  },
});
document.addEventListener("whirr:refresh", refreshParts);

// While the job waits, what keeps it from starting changes with the queue.
let queue;

function followQueue() {
  const mine = () => {
    const why = head.querySelector("#why");
    if (why) refresh(why);
  };
  if (head.querySelector("#why")) queue ??= new LiveSocket("/ws/queue/", { onMessage: mine, onPoll: mine });
  else if (queue) {
    queue.end();
    queue = undefined;
  }
}

head.addEventListener("htmx:afterSwap", followQueue);
followQueue();
showLog();
