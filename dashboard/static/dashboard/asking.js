// Requests of scripts: an answer, or an error that says what happened in the server's own words and under which id.
import { toast } from "./toast.js";

const MEANINGS = {
  0: "The server cannot be reached.",
  400: "The server could not read this request.",
  401: "You are no longer signed in. Load the page again.",
  403: "You may not do this.",
  404: "This is not there any more.",
  413: "This is too large for the server.",
  429: "Too many requests. Wait a minute.",
  500: "Something broke in the server.",
  503: "The server cannot answer now.",
};
const LONGEST = 300;

/** What a status means, in one sentence. */
export function meaning(status) {
  return MEANINGS[status] ?? (status >= 500 ? MEANINGS[500] : `The server refused this (${status}).`);
}

/** A request that failed: `status` (0: no answer), `detail` in the server's words, `id` of the request. */
export class Refused extends Error {
  constructor(status, detail, id = "") {
    super(detail || meaning(status));
    Object.assign(this, { name: "Refused", status, detail, id });
  }
}

/** What a failed answer says for people; a page of HTML says nothing that fits into a line. */
export function detailOf(type, text) {
  if (type.includes("json")) {
    try {
      return String(JSON.parse(text).detail ?? "").slice(0, LONGEST);
    } catch {
      return "";
    }
  }
  return type.startsWith("text/plain") ? text.slice(0, LONGEST) : "";
}

/** The answer and its body: a server that went away in the midst of it has not answered. */
async function whole(url, options) {
  try {
    const answer = await fetch(url, { credentials: "same-origin", ...options });
    return { answer, body: await answer.arrayBuffer() };
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused(0, "");
  }
}

/** fetch() that throws Refused instead of answering with a failure. Aborting throws what fetch throws. */
export async function ask(url, options = {}) {
  const { answer, body } = await whole(url, options);
  const { status, headers } = answer;
  if (answer.ok) return new Response(status === 204 ? null : body, { status, headers });
  throw new Refused(status, detailOf(headers.get("Content-Type") ?? "", new TextDecoder().decode(body)), headers.get("X-Request-ID") ?? "");
}

/** Only the newest of several questions may be answered: `const mine = turn(); … if (!mine.isNewest()) return;`. */
export function turns() {
  let newest = null;
  return () => {
    newest?.abort();
    const mine = new AbortController();
    newest = mine;
    return { signal: mine.signal, isNewest: () => newest === mine };
  };
}

/** POST a form as the page's own scripts do: with the page's token, answered in plain text. */
export async function post(url, fields = {}) {
  const token = JSON.parse(document.body.getAttribute("hx-headers") ?? "{}")["X-CSRFToken"] ?? "";
  const headers = { "X-CSRFToken": token, "HX-Request": "true" };
  return (await ask(url, { method: "POST", headers, body: new URLSearchParams(fields) })).text();
}

/** Tell people that something failed; anything that is no refusal of the server is a bug and goes to the console too. */
export function report(error, { doing = "" } = {}) {
  if (error?.name === "AbortError") return;
  const refused = error instanceof Refused;
  if (!refused) console.error(error);
  const said = refused ? error.message : "Something broke in this page. Load it again.";
  toast(doing ? `${doing}: ${said}` : said, { error: true, id: refused ? error.id : "" });
}

/** What htmx was refused goes the same way, whatever part of a page asked. Parts that poll tell of it themselves. */
export function installReports() {
  document.body.addEventListener("htmx:responseError", ({ detail: { xhr, requestConfig } }) => {
    if (requestConfig.verb === "get" && requestConfig.triggeringEvent?.type === "refresh") return;
    const said = detailOf(xhr.getResponseHeader("Content-Type") ?? "", xhr.responseText);
    report(new Refused(xhr.status, said, xhr.getResponseHeader("X-Request-ID") ?? ""));
  });
  for (const name of ["htmx:sendError", "htmx:timeout"]) {
    document.body.addEventListener(name, ({ detail: { requestConfig } }) => {
      if (requestConfig.verb !== "get") report(new Refused(0, "The server cannot be reached. Whether it heard is unknown."));
    });
  }
  window.addEventListener("unhandledrejection", (event) => {
    if (!(event.reason instanceof Refused)) return;
    event.preventDefault();
    report(event.reason);
  });
}
