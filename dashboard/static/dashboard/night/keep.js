// What somebody did to a part of the page stays when it is fetched anew: open details, ticks, scrolled tables.
const named = (root, selector) => [...root.querySelectorAll(selector)];

function state(part) {
  return {
    open: new Set(named(part, "details[id][open]").map((each) => each.id)),
    ticked: new Set(named(part, "[data-choose]:checked").map((each) => each.value)),
    picked: new Map(named(part, "select[id]").map((each) => [each.id, each.value])),
    scrolled: named(part, ".scroll").map((each) => [each.scrollLeft, each.scrollTop]),
  };
}

function restore(part, kept) {
  for (const each of named(part, "details[id]")) each.open = kept.open.has(each.id);
  for (const each of named(part, "[data-choose]")) each.checked = kept.ticked.has(each.value);
  for (const each of named(part, "select[id]")) if (kept.picked.has(each.id)) each.value = kept.picked.get(each.id);
  named(part, ".scroll").forEach((each, at) => {
    const [left, top] = kept.scrolled[at] ?? [0, 0];
    each.scrollLeft = left;
    each.scrollTop = top;
  });
  document.dispatchEvent(new Event("whirr:kept"));
}

document.body.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (!detail.shouldSwap) return;
  const kept = state(detail.target);
  detail.target.addEventListener("htmx:afterSwap", () => restore(detail.target, kept), { once: true });
});
