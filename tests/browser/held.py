"""Requests of a page's scripts that wait until a test answers them, in whatever order."""

# Every request waits in `held` until the test answers it: `answer(at, body)`; `cut(at)` ends its line amid the body.
HELD = """() => {
  const held = (window.held = []);
  const aborted = () => new DOMException("aborted", "AbortError");
  window.fetch = (url, { signal } = {}) => new Promise((done, failed) => {
    held.push({ url, done, failed });
    signal?.addEventListener("abort", () => failed(aborted()));
  });
  const text = (body) => (typeof body === "string" ? body : JSON.stringify(body));
  window.settled = async () => { for (let each = 0; each < 10; each += 1) await new Promise((go) => setTimeout(go)); };
  window.answer = async (at, body, status = 200) => {
    held[at].done(new Response(text(body), { status }));
    await settled();
  };
  window.cut = async (at) => {
    held[at].done(new Response(new ReadableStream({ start: (it) => it.error(new TypeError("network error")) })));
    await settled();
  };
  document.body.innerHTML = "<p data-said></p><div data-toast hidden><p data-toast-said></p><p data-toast-detail></p>"
    + "<button data-toast-close></button></div>";
}"""
