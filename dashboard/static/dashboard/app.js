// What every page does: theme, ticking times, copying, confirming, saying what went wrong, keys, live parts.
import { installKeys } from "./keys.js";
import { followParts } from "./live.js";
import { ago, duration } from "./words.js";

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
    show();
  });
  show();
}

function tick() {
  if (document.hidden) return;
  const now = Date.now();
  for (const node of document.querySelectorAll("time[data-elapsed]")) {
    node.textContent = duration((now - Date.parse(node.dateTime)) / 1000);
  }
  for (const node of document.querySelectorAll("time[data-ago]")) {
    node.textContent = ago((now - Date.parse(node.dateTime)) / 1000);
  }
}

async function copy(button) {
  const text = button.closest(".copyable").querySelector("code").textContent;
  try {
    await navigator.clipboard.writeText(text);
    toast("Copied.");
  } catch {
    getSelection().selectAllChildren(button.closest(".copyable").querySelector("code"));
    toast("Press Ctrl-C to copy.");
  }
}

let toastTimer = 0;

export function toast(text, { error = false } = {}) {
  const box = document.querySelector("[data-toast]");
  if (!box) return;
  box.textContent = text;
  box.classList.toggle("error", error);
  box.hidden = false;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => (box.hidden = true), error ? 8000 : 3000);
}

function installForms() {
  document.body.addEventListener("htmx:confirm", (event) => {
    if (!event.detail.question) return;
    event.preventDefault();
    const dialog = document.querySelector("#confirm");
    dialog.querySelector("#confirm-text").textContent = event.detail.question;
    dialog.returnValue = "no";
    dialog.addEventListener(
      "close",
      () => dialog.returnValue === "yes" && event.detail.issueRequest(true),
      { once: true },
    );
    dialog.showModal();
  });
  document.body.addEventListener("htmx:afterRequest", (event) => {
    const { xhr, requestConfig, successful } = event.detail;
    if (requestConfig.verb !== "post") return;
    if (successful) {
      toast(xhr.responseText);
      document.dispatchEvent(new Event("whirr:refresh"));
    } else if (xhr.status) {
      toast(xhr.status === 409 ? xhr.responseText : `The server refused (${xhr.status}). Load the page again.`, {
        error: true,
      });
    } else {
      toast("The server cannot be reached. Nothing was changed.", { error: true });
    }
  });
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy]");
  if (button) copy(button);
  if (event.target.closest("[data-help]")) document.querySelector("#help").showModal();
});

for (const box of document.querySelectorAll("[data-only-differing]")) {
  box.addEventListener("change", () => {
    box.closest("section").querySelector("table").classList.toggle("only-differing", box.checked);
  });
}

installTheme();
installForms();
installKeys();
followParts();
tick();
setInterval(tick, 1000);
