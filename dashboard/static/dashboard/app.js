// What every page does: theme, times, copying, confirming, saying what went wrong, keys, the palette, live parts.
import { installReports } from "./asking.js";
import { installPalette } from "./command.js";
import { confirmed } from "./confirming.js";
import { installKeys, showKeys } from "./keys.js";
import { followParts } from "./live.js";
import { installTimes } from "./times.js";
import { installToast, toast } from "./toast.js";

export { confirmed, toast };

const THEMES = ["system", "light", "dark"];

function installTheme() {
  const button = document.querySelector("[data-theme-toggle]");
  if (!button) return;
  const show = () => {
    const wish = document.documentElement.dataset.themeWish;
    for (const mark of button.querySelectorAll("[data-when]")) mark.hidden = mark.dataset.when !== wish;
    button.title = button.ariaLabel = `Theme: ${wish}`;
  };
  button.addEventListener("click", () => {
    const now = THEMES.indexOf(document.documentElement.dataset.themeWish);
    localStorage.setItem("whirr-theme", THEMES[(now + 1) % THEMES.length]);
    document.dispatchEvent(new Event("whirr:theme-wish"));
  });
  document.addEventListener("whirr:theme-wish", show);
  show();
}

async function copy(button) {
  const code = button.closest(".copyable").querySelector("code");
  try {
    await navigator.clipboard.writeText(code.textContent);
    toast("Copied.");
  } catch {
    getSelection().selectAllChildren(code);
    toast("Press Ctrl-C to copy.");
  }
}

function installForms() {
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
    if (event.detail.elt.contains(typed) && typed.matches("input")) event.detail.elt.querySelector("button")?.focus();
    document.dispatchEvent(new Event("whirr:refresh"));
  });
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy]");
  if (button) copy(button);
  if (event.target.closest("[data-help]")) showKeys();
  // No submit button: Enter in a field presses the first of those, and that has to be the deed.
  event.target.closest("[data-close]")?.closest("dialog")?.close("no");
});

for (const box of document.querySelectorAll("[data-only-differing]")) {
  box.addEventListener("change", () => {
    box.closest("section").querySelector("table").classList.toggle("only-differing", box.checked);
  });
}

installTheme();
installToast();
installReports();
installForms();
installKeys();
installPalette();
followParts();
installTimes();
