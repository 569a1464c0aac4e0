// What the palette offers besides what the server finds: pages, and what can be done from every page.
import { showKeys } from "./keys.js";

const press = (selector) => () => document.querySelector(selector)?.click();

/** Each `{label, detail?, words?, href | run}`; `words` are further ones under which it is found. */
export function actions() {
  const pages = [...document.querySelectorAll("[data-place]")].map((link) => ({
    label: link.textContent.trim(), detail: `g ${link.dataset.place}`, words: "go page", href: link.href,
  }));
  const found = [...pages, { label: "Timeline of the night", words: "go page gantt machines", href: "/timeline/" }, { label: "Trash", words: "go page deleted runs", href: "/trash/" }];
  if (document.querySelector("a.submit")) found.push({ label: "Submit a job", words: "queue new command", href: "/submit/" });
  if (document.querySelector("a[href='/admin/']")) found.push({ label: "Admin", detail: "g a", words: "go page users quotas", href: "/admin/" });
  if (document.querySelector("[data-print]")) found.push({ label: "Print this page", words: "paper pdf", run: press("[data-print]") });
  found.push(
    { label: "The API", words: "go page openapi docs", href: "/api/docs/" },
    { label: "Theme: light", words: "colours bright", run: () => theme("light") },
    { label: "Theme: dark", words: "colours night", run: () => theme("dark") },
    { label: "Theme: as the system", words: "colours", run: () => theme("system") },
    { label: "Times in UTC or in my zone", words: "clock zone", run: press("[data-zone-toggle]") },
    { label: "Keys of this page", detail: "?", words: "help shortcuts", run: showKeys },
    { label: "Copy the address of this page", words: "link share url", run: () => navigator.clipboard?.writeText(location.href) },
  );
  return found;
}

function theme(wish) {
  localStorage.setItem("whirr-theme", wish);
  document.dispatchEvent(new Event("whirr:theme-wish"));
}
