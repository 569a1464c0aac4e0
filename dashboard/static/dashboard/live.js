// Live pages: a socket that comes back by itself, and parts of pages that are fetched anew when something changed.
const FIRST_WAIT = 500;
const LONGEST_WAIT = 15000;
const POLL_EVERY = 10000;
const NOT_ALLOWED = 4401;
const GONE = 4404;

const sockets = new Set();

function showLost() {
  const bar = document.querySelector("[data-lost]");
  if (!bar) return;
  const down = [...sockets].filter((socket) => socket.down);
  bar.hidden = down.length === 0;
  if (down.length) {
    bar.textContent = "Live updates are interrupted; trying again. What you see may be a few seconds old.";
  }
}

/** A websocket that reconnects with back-off, and sleeps while the tab is hidden. */
export class LiveSocket {
  constructor(path, { onOpen = () => {}, onMessage, onPoll = () => {} }) {
    Object.assign(this, { path, onOpen, onMessage, onPoll });
    this.wait = FIRST_WAIT;
    this.down = false;
    this.ended = false;
    sockets.add(this);
    document.addEventListener("visibilitychange", () => (document.hidden ? this.sleep() : this.connect()));
    setInterval(() => this.down && !document.hidden && this.onPoll(), POLL_EVERY);
    this.connect();
  }

  connect() {
    if (this.ended || this.socket || document.hidden) return;
    clearTimeout(this.timer);
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(`${scheme}//${location.host}${this.path}`);
    this.socket = socket;
    socket.onopen = () => {
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
    this.socket = null;
    if (code === NOT_ALLOWED) location.assign(`/enter?next=${encodeURIComponent(location.pathname + location.search)}`);
    if (code === NOT_ALLOWED || code === GONE) this.ended = true;
    if (this.ended) return;
    this.setDown(true);
    this.timer = setTimeout(() => this.connect(), this.wait * (0.75 + Math.random() / 2));
    this.wait = Math.min(this.wait * 2, LONGEST_WAIT);
  }

  /** The tab cannot be seen: let the server rest. The cursors are kept, so nothing is missed. */
  sleep() {
    clearTimeout(this.timer);
    const socket = this.socket;
    this.socket = null;
    socket?.close();
  }

  send(message) {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  end() {
    this.ended = true;
    this.sleep();
    this.setDown(false);
  }

  setDown(down) {
    this.down = down;
    showLost();
  }
}

/** Fetch a server-rendered part anew; it is left alone while somebody is in the middle of using it. */
export function refresh(part) {
  if (part.contains(document.activeElement) && document.activeElement.matches("input[type=search], textarea")) return;
  window.htmx.trigger(part, "refresh");
}

/** Every element with data-live follows its socket. */
export function followParts() {
  const last = new WeakMap();
  document.body.addEventListener("htmx:beforeSwap", (event) => {
    const { target, xhr } = event.detail;
    if (last.get(target) === xhr.responseText) event.detail.shouldSwap = false; // nothing to see: keep the page still
    last.set(target, xhr.responseText);
  });
  const parts = [...document.querySelectorAll("[data-live]")];
  const all = () => parts.forEach(refresh);
  for (const path of new Set(parts.map((part) => part.dataset.live))) {
    const mine = () => parts.filter((part) => part.dataset.live === path).forEach(refresh);
    new LiveSocket(path, { onMessage: mine, onPoll: mine });
  }
  document.addEventListener("whirr:refresh", all);
}
