// Forms that are sent without leaving the page: the question before, and what is said and looked at after.
import { confirmed } from "./confirming.js";
import { toast } from "./toast.js";

/** To the form's button, or in a row without one to what stands for the row: its handle, else its link. */
export function leave(form) {
  const row = form.closest("[data-row]");
  const next = form.querySelector("button") ?? row?.querySelector("[data-place-job]") ?? row?.querySelector("a.name");
  if (next) next.focus({ preventScroll: true });
  else document.activeElement.blur();
}

export function installForms() {
  document.body.addEventListener("htmx:confirm", async (event) => {
    if (!event.detail.question) return;
    event.preventDefault();
    if (await confirmed(event.detail.question, { by: event.target })) event.detail.issueRequest(true);
  });
  document.body.addEventListener("htmx:afterRequest", (event) => {
    const { xhr, requestConfig, successful } = event.detail;
    if (requestConfig.verb !== "post" || !successful) return;
    const plain = (xhr.getResponseHeader("Content-Type") ?? "").startsWith("text/plain");
    if (plain && xhr.responseText) toast(xhr.responseText);
    const typed = document.activeElement;
    // What is typed into is not swapped: whoever has sent it by Enter would not see what came of it.
    if (event.detail.elt.contains(typed) && typed.matches("input")) leave(event.detail.elt);
    document.dispatchEvent(new Event("whirr:refresh"));
  });
}
