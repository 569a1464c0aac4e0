// Live pages: a socket that comes back by itself, and parts of pages that are fetched anew when something changed.
import { asks } from "./confirming.js";
import { followLost } from "./lost.js";
import { Pace } from "./pace.js";
import { fresh, keepPlace, stale } from "./stale.js";

const FIRST_WAIT = 500;
const LONGEST_WAIT = 15000;
const POLL_EVERY = 10000;
const NOT_ALLOWED = 4401;
const GONE = 4404;

const sockets = new Set();
const lost = followLost({ sockets, retry: () => sockets.forEach((socket) => socket.retryNow()) });

/** A websocket that reconnects with back-off, and sleeps while the tab is hidden. */
export class LiveSocket {
  /** `onDown(down, since)` is told when it is lost, with when it was last there (ms since the epoch), and when it is back. */
  constructor(path, { onOpen = () => {}, onMessage, onPoll = () => {}, onDown = () => {} }) {
    Object.assign(this, { path, onOpen, onMessage, onPoll, onDown });
    this.heard = performance.timeOrigin; // the page itself
    this.wait = FIRST_WAIT;
    this.down = false;
    this.ended = false;
    this.nextTry = 0;
    sockets.add(this);
    this.seen = () => (document.hidden ? this.sleep() : this.connect());
    document.addEventListener("visibilitychange", this.seen);
    this.polling = setInterval(() => this.down && !document.hidden && this.onPoll(), POLL_EVERY);
    this.connect();
  }

  connect() {
    if (this.ended || this.socket || document.hidden) return;
    clearTimeout(this.timer);
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(`${scheme}//${location.host}${this.path}`);
    this.socket = socket;
    socket.onopen = () => {
      this.isOpen = true;
      this.setDown(false);
      this.onOpen();
    };
    socket.onmessage = (event) => {
      this.wait = FIRST_WAIT;
      this.onMessage(JSON.parse(event.data));
    };
    socket.onclose = (event) => this.closed(socket, event.code);
  }

  closed(socket, code) {
    if (socket !== this.socket) return; // put to sleep
    this.letGo();
    if (code === NOT_ALLOWED) location.assign(`/enter?next=${encodeURIComponent(location.pathname + location.search)}`);
    if (code === NOT_ALLOWED || code === GONE) return this.end();
    const wait = this.wait * (0.75 + Math.random() / 2);
    this.nextTry = Date.now() + wait;
    this.timer = setTimeout(() => this.connect(), wait);
    this.wait = Math.min(this.wait * 2, LONGEST_WAIT);
    this.setDown(true);
  }

  /** Somebody does not want to wait. */
  retryNow() {
    if (!this.down || this.socket) return;
    this.nextTry = 0;
    this.connect();
    this.onPoll();
  }

  /** The tab cannot be seen: let the server rest. The cursors are kept, so nothing is missed. */
  sleep() {
    clearTimeout(this.timer);
    const socket = this.socket;
    this.letGo();
    socket?.close();
  }

  letGo() {
    if (this.isOpen) this.heard = Date.now();
    this.isOpen = false;
    this.socket = null;
  }

  send(message) {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  /** Nothing more will come. */
  end() {
    this.ended = true;
    this.sleep();
    clearInterval(this.polling);
    document.removeEventListener("visibilitychange", this.seen);
    sockets.delete(this);
    this.setDown(false);
  }

  setDown(down) {
    if (down !== this.down) this.onDown(down, this.heard);
    this.down = down;
    lost.show();
  }
}

const FIELDS = "input:not([type=checkbox], [type=radio]), textarea, select";

function isTypedIn(part) {
  const focused = document.activeElement;
  return focused !== part && part.contains(focused) && focused.matches(FIELDS);
}

/** Fetch a server-rendered part anew, and say whether: it is left alone while somebody is in the middle of using it. */
export function refresh(part) {
  if (asks(part)) return putOff(part);
  if (isTypedIn(part)) return false;
  window.htmx.trigger(part, "refresh");
  return true;
}

const putOffs = new Set(); // parts that wait for the answer to a question
document.addEventListener("whirr:answered", () => {
  const parts = [...putOffs];
  putOffs.clear();
  parts.forEach(refresh);
});

function putOff(part) {
  putOffs.add(part);
  return false;
}

const paces = new WeakMap(); // part → its Pace

function paceOf(part) {
  // A tab that cannot be seen asks for nothing: its socket, which sleeps too, tells of what is new when it comes back.
  if (!paces.has(part)) paces.set(part, new Pace(() => !part.isConnected || document.hidden || refresh(part)));
  return paces.get(part);
}

/** As `refresh`, and where that may not be now, as soon as it may: nobody else will tell of it again. */
export function bring(part) {
  if (!refresh(part)) paceOf(part).wish();
}

const last = new WeakMap(); // part → what it was answered last
const TOKEN = /name="csrfmiddlewaretoken" value="[^"]*"/g; // another mask with every answer, and the same token

/** A script changed what the part shows: it is swapped again, even for the answer that it had before. */
export function forget(part) {
  last.delete(part);
}

/** Somebody began to use the part while its answer was on its way: it is asked for anew when they are done. */
function isUsed({ target, requestConfig }) {
  if (asks(target)) return !putOff(target);
  if (target.querySelector("[data-editing]")) return true; // an editor's end asks anew
  if (requestConfig?.triggeringEvent?.type !== "refresh" || !isTypedIn(target)) return false; // a search swaps its own
  paceOf(target).wish();
  return true;
}

function keepQuiet() {
  document.body.addEventListener("htmx:beforeSwap", (event) => {
    const { target, xhr } = event.detail;
    if (!event.detail.shouldSwap) return; // an error, which nobody gets to see here
    if (isUsed(event.detail)) event.detail.shouldSwap = false;
    if (!event.detail.shouldSwap) return;
    const told = xhr.responseText.replace(TOKEN, "");
    if (last.get(target) === told) event.detail.shouldSwap = false; // nothing to see: keep the page still
    last.set(target, told);
    if (event.detail.shouldSwap) keepPlace(target);
  });
}

/** Every element with data-live follows its socket; where it cannot be brought up to date, its age stands on it. */
export function followParts() {
  keepQuiet();
  const parts = () => [...document.querySelectorAll("[data-live]")];
  const isOfPart = ({ target, requestConfig }) => requestConfig.verb === "get" && target.matches?.("[data-live]");
  document.body.addEventListener("htmx:beforeSend", ({ detail }) => isOfPart(detail) && paceOf(detail.target).sent());
  document.body.addEventListener("htmx:afterRequest", ({ detail }) => {
    if (!isOfPart(detail)) return;
    const { target, successful } = detail;
    paceOf(target).ended();
    if (successful) fresh(target);
    else stale(target);
  });
  for (const path of new Set(parts().map((part) => part.dataset.live))) {
    const mine = () => parts().filter((part) => part.dataset.live === path).forEach((part) => paceOf(part).wish());
    new LiveSocket(path, { onMessage: mine, onPoll: mine });
  }
  document.addEventListener("whirr:refresh", () => parts().forEach(bring)); // somebody did something: at once
}
