// What every page does: theme, times, copying, confirming, saying what went wrong, keys, the palette, live parts.
import { installReports } from "./asking.js";
import { installPalette } from "./command.js";
import { confirmed } from "./confirming.js";
import { installForms } from "./forms.js";
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
