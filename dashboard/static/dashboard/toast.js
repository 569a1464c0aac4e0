// The one place where a page says what was done and what went wrong.
const box = () => document.querySelector("[data-toast]");
const NOTICE_FOR = 3000;
const ERROR_FOR = 12000;

let timer = 0;

/** Say a sentence. `detail` is a second, smaller one; `id` is the request's, to be quoted. */
export function toast(text, { error = false, detail = "", id = "" } = {}) {
  const toastBox = box();
  if (!toastBox) return;
  const more = [detail, id && `Request ${id}`].filter(Boolean).join(" · ");
  toastBox.querySelector("[data-toast-said]").textContent = text;
  const second = toastBox.querySelector("[data-toast-detail]");
  second.textContent = more;
  second.hidden = !more;
  toastBox.classList.toggle("error", error);
  toastBox.hidden = false;
  clearTimeout(timer);
  timer = setTimeout(() => (toastBox.hidden = true), error ? ERROR_FOR : NOTICE_FOR);
}

/** The notice that stands there now; "" for none, and for an error. */
export function noticed() {
  const toastBox = box();
  return !toastBox || toastBox.hidden || toastBox.classList.contains("error") ? "" : toastBox.querySelector("[data-toast-said]").textContent;
}

export function installToast() {
  const toastBox = box();
  toastBox?.querySelector("[data-toast-close]").addEventListener("click", () => (toastBox.hidden = true));
  toastBox?.addEventListener("pointerenter", () => clearTimeout(timer)); // being read
}
