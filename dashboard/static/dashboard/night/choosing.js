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

function none() {
  for (const box of boxes()) box.checked = false;
  show();
}

async function cancel({ dataset }) {
  const jobs = chosen().join(",");
  const { count, told } = await (await ask(`${dataset.ask}?jobs=${jobs}`)).json();
  if (!count) return toast(`This is too late: ${told}.`);
  if (!(await confirmed(`Cancel? This ${told}.`, { deed: "Cancel them" }))) return undefined;
  toast(await post(dataset.url, { jobs }));
  none();
  return document.dispatchEvent(new Event("whirr:refresh"));
}

if (bar) {
  document.addEventListener("change", (event) => event.target.matches("[data-choose]") && show());
  document.addEventListener("whirr:kept", show);
  bar.querySelector("[data-choose-none]").addEventListener("click", none);
  bar.querySelector("[data-cancel-chosen]").addEventListener("click", (event) => {
    cancel(event.currentTarget).catch((error) => report(error, { doing: "Cancelling" }));
  });
  show();
}
