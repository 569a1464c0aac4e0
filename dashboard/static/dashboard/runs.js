// Selecting rows of the table of runs. What is selected outlives a refresh, a page and a filter.
const MOST = 20;
const panel = document.querySelector("[data-runs]");
const bar = document.querySelector("[data-chosen]");
const chosen = new Set(JSON.parse(sessionStorage.getItem("whirr-chosen") || "[]"));

function boxes() {
  return [...panel.querySelectorAll("[data-choose]")];
}

function show() {
  for (const box of boxes()) {
    box.checked = chosen.has(box.value);
    box.closest("tr").classList.toggle("chosen", box.checked);
  }
  const all = panel.querySelector("[data-choose-all]");
  if (all) {
    const ticked = boxes().filter((box) => box.checked).length;
    all.checked = ticked > 0 && ticked === boxes().length;
    all.indeterminate = ticked > 0 && !all.checked;
  }
  bar.hidden = chosen.size === 0;
  const link = bar.querySelector("[data-compare-link]");
  link.href = `${panel.dataset.compare}?runs=${[...chosen].slice(0, MOST).join(",")}`;
  link.firstChild.textContent = chosen.size > 1 ? `Compare ${Math.min(chosen.size, MOST)} runs ` : "Open in compare ";
  const most = chosen.size > MOST ? ` (the first ${MOST} are compared)` : "";
  bar.querySelector("[data-chosen-count]").textContent = `${chosen.size} selected${most}`;
  const discarded = bar.querySelector("[data-discard-runs]");
  if (discarded) discarded.value = [...chosen].join(",");
  sessionStorage.setItem("whirr-chosen", JSON.stringify([...chosen]));
}

panel.addEventListener("change", (event) => {
  const box = event.target;
  const touched = box.matches("[data-choose-all]") ? boxes() : [box];
  for (const each of touched) box.checked ? chosen.add(each.value) : chosen.delete(each.value);
  show();
});
bar.querySelector("[data-choose-none]").addEventListener("click", () => {
  chosen.clear();
  show();
});
bar.querySelector("[data-discard]")?.addEventListener("htmx:afterRequest", (event) => {
  if (!event.detail.successful) return;
  chosen.clear();
  show();
});
document.body.addEventListener("htmx:afterSwap", (event) => event.detail.target === panel && show());
show();
