// The page of one run: charts, log, media and header follow one socket, each from its own cursor.
import { Board } from "./charts/board.js";
import { bring, LiveSocket } from "./live.js";
import { LogViewer } from "./log/viewer.js";
import { Media } from "./media.js";
import { followAge } from "./run/age.js";
import { Naming } from "./run/naming.js";
import { Notes } from "./run/notes.js";
import { installReading } from "./run/reading.js";
import { Tabs } from "./run/tabs.js";

const NUMBERS_EVERY = 5000;

const root = document.querySelector("[data-run-page]");
const run = root.dataset.runPage;
const newest = root.dataset.newest === "1";
const [head, side, more, alerts, byWriter] = ["#head", "#side", "#more", "#alerts", "#by-writer"].map((name) => document.querySelector(name));
let attempt = Number(root.dataset.attempt);

const isFinal = () => head.querySelector("[data-final]")?.dataset.final === "1";
const version = () => head.querySelector("[data-version]")?.dataset.version ?? "";

let socket;
let reading = false; // the log is on the page

const watch = () =>
  socket?.send({
    attempt,
    newest,
    version: version(),
    keys: board.keysOf(run),
    events: media.cursor,
    log: reading ? log.cursor : null,
    points: board.cursors(run),
  });

const board = new Board(document.querySelector("[data-board]"), { live: !isFinal(), onShown: watch });
const media = new Media(document.querySelector("[data-media]"), { attempt, onKeys: () => tabs.count() });
const log = new LogViewer(document.querySelector("[data-log]"), { run, attempt, live: !isFinal(), onMisfit: watch });
const naming = new Naming(head, { run, done: () => window.htmx.trigger(head, "refresh") });
const notes = new Notes(document.querySelector("#notes"), { run });
installReading(root);

/** The log is opened when it is first looked at, and followed from then on. */
let opening;

async function showLog() {
  opening ??= log.start();
  try {
    await opening;
    reading = true;
    watch();
  } catch (error) {
    console.warn(error);
    opening = undefined;
    setTimeout(() => tabs.name === "log" && showLog(), 3000);
  }
}

function shown(name) {
  if (name !== "log") return;
  log.focus();
  showLog();
}

const tabs = new Tabs(root, { onShow: shown });

function showLine(link) {
  tabs.open("log");
  location.hash = `L${link.dataset.toLine}`;
  showLog().then(() => log.goto(Number(link.dataset.toLine)));
}

head.addEventListener("click", (event) => {
  const link = event.target.closest("[data-to-line]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  showLine(link);
});

function switchTo(number) {
  attempt = number;
  reading = false;
  opening = undefined;
  log.reset(number);
  board.show([{ run, attempt }]);
  media.reset(number);
  tabs.attempt("");
  refreshParts();
  if (tabs.name === "log") showLog();
  watch();
}

function refreshParts() {
  for (const part of [side, more, alerts, byWriter]) bring(part);
  if (!naming.isEdited) bring(head);
  notes.refresh();
  tabs.age();
}

function showEvents() {
  bring(alerts);
  media.refresh();
}

// Numbers in tables change with every point: they are read anew now and then.
let soon;

function refreshNumbers() {
  soon ??= setTimeout(() => {
    soon = undefined;
    bring(byWriter);
    bring(side);
  }, NUMBERS_EVERY);
}

function showOutput(message) {
  document.querySelector("[data-log-hint]")?.remove();
  document.querySelector("[data-log-place]").hidden = false;
  log.push(message);
}

const deeds = {
  log: showOutput,
  points: (message) => {
    board.feed(run, message);
    if (message.attempt === attempt) refreshNumbers();
  },
  behind: (message) => board.feed(run, message),
  keys: (message) => {
    board.feed(run, message);
    refreshNumbers();
  },
  events: showEvents,
  header: refreshParts,
  attempt: (message) => switchTo(message.attempt),
  end: () => {
    socket.end();
    log.setLive(false);
  },
};

socket = new LiveSocket(`/ws/runs/${run}/`, {
  onOpen: watch,
  onMessage: (message) => deeds[message.type]?.(message),
  onDown: followAge({ head, log: document.querySelector("[data-log]") }),
  onPoll: () => {
    refreshParts();
    media.refresh();
    board.poll();
  },
});
document.addEventListener("whirr:refresh", refreshParts);

// While the job waits, what keeps it from starting changes with the queue.
let queue;

function followQueue() {
  const mine = () => {
    const why = head.querySelector("#why");
    if (why) bring(why);
  };
  if (head.querySelector("#why")) queue ??= new LiveSocket("/ws/queue/", { onMessage: mine, onPoll: mine });
  else if (queue) {
    queue.end();
    queue = undefined;
  }
}

head.addEventListener("htmx:afterSwap", () => {
  followQueue();
  tabs.count();
});
followQueue();
board.show([{ run, attempt }]);
