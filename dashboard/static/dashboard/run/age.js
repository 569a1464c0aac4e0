// How old the header and the log are while the page is not live.
import { fresh, stale } from "../stale.js";

/** Answers with `onDown` of the page's socket. The header may be fetched without it; the log comes by it alone. */
export function followAge({ head, log }) {
  document.body.addEventListener("htmx:afterRequest", ({ detail }) => {
    if (detail.target !== head || detail.requestConfig.verb !== "get") return;
    if (detail.successful) fresh(head);
    else stale(head);
  });
  return (down, since) => {
    for (const part of [head, log]) {
      if (down) stale(part, since);
      else fresh(part);
    }
  };
}
