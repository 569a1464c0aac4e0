// Jobs that are ticked: how many, and what may be done with them, after it was said what that would do.
import { ask, post, report } from "../asking.js";
import { confirmed } from "../confirming.js";
import { toast } from "../toast.js";

const bar = document.querySelector("[data-chosen-jobs]");

const boxes = () => [...document.querySelectorAll("[data-choose]:checked")];
const chosen = () => [...new Set(boxes().map((box) => box.value))];

function show() {
  const count = chosen().length;
  bar.hidden = count === 0;
  bar.querySelector("[data-chosen-count]").textContent = `${count} chosen`;
}

/** A job that stands twice, among mine and among all that wait, is chosen in both places or in none. */
function alike(box) {
  for (const each of document.querySelectorAll("[data-choose]")) if (each.value === box.value) each.checked = box.checked;
  show();
}

function none() {
  for (const box of boxes()) box.checked = false;
  show();
}

/** A form of the bar: `ask` says what it would do, `url` does it; `deed` is what the button says that does it. */
async function act(form) {
  const { ask: asked, url, deed, do: word } = form.dataset;
  const fields = { jobs: chosen().join(","), ...Object.fromEntries(new FormData(form)) };
  const { count, told } = await (await ask(`${asked}?${new URLSearchParams(fields)}`)).json();
  if (!count) return toast(`Nothing to do: ${told}.`);
  if (!(await confirmed(`${word}? This ${told}.`, { deed }))) return undefined;
  toast(await post(url, fields));
  none();
  return document.dispatchEvent(new Event("whirr:refresh"));
}

if (bar) {
  document.addEventListener("change", (event) => event.target.matches("[data-choose]") && alike(event.target));
  document.addEventListener("whirr:kept", show);
  bar.querySelector("[data-choose-none]").addEventListener("click", none);
  bar.addEventListener("submit", (event) => {
    event.preventDefault();
    act(event.target).catch((error) => report(error, { doing: event.target.dataset.deed }));
  });
  show();
}
