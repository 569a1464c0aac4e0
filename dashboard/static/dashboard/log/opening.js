// A click on what opens or closes lines: a group, a chip of repeats or updates, the way to the raw log.

export function opened(viewer, event) {
  const line = Number(event.target.closest("[data-to-raw]")?.dataset.toRaw);
  if (line) {
    viewer.options.tick("raw", true);
    viewer.goto(line);
    return;
  }
  const key = event.target.closest("[data-open]")?.dataset.open;
  if (!key) return;
  viewer.setFollow(false);
  viewer.list.keeping(() => {
    if (key[0] === "g") viewer.folds.toggle(Number(key.slice(1)));
    else if (!viewer.openedKeys.delete(key)) viewer.openedKeys.add(key);
    viewer.versions.clear();
    viewer.shape();
  });
  viewer.list.draw();
  viewer.root.querySelector(`[data-open="${key}"]`)?.focus({ preventScroll: true });
}
