// The bar that says that the page is not live just now, and when it tries again.

/**
 * `sockets` is a live set of `{down, nextTry}` (ms since the epoch; 0 while it tries), `retry` tries at once.
 * Answers with `show()`, to be called whenever one of them changed.
 */
export function followLost({ sockets, retry }) {
  const bar = document.querySelector("[data-lost]");
  let counting = 0;

  bar?.querySelector("[data-lost-retry]").addEventListener("click", retry);
  window.addEventListener("online", retry);

  function show() {
    if (!bar) return;
    const down = [...sockets].filter((socket) => socket.down);
    bar.hidden = !down.length;
    clearInterval(counting);
    if (!down.length) return;
    const said = bar.querySelector("[data-lost-said]");
    const sentence = "Live updates are paused. What stands here is kept, and looked up every 10 s.";
    if (said.textContent !== sentence) said.textContent = sentence; // a screen reader says it once, not every second
    counting = setInterval(count, 1000, down);
    count(down);
  }

  function count(down) {
    const left = Math.ceil((Math.min(...down.map((socket) => socket.nextTry)) - Date.now()) / 1000);
    bar.querySelector("[data-lost-wait]").textContent = left > 0 ? `Retrying in ${left} s.` : "Retrying …";
  }

  return { show };
}
