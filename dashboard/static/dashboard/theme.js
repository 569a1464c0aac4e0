// Runs before the first paint: the page never flashes in the wrong theme.
(() => {
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const paper = window.matchMedia("print"); // is white
  const wish = () => {
    try {
      return localStorage.getItem("whirr-theme") || "system";
    } catch {
      return "system";
    }
  };
  const apply = () => {
    const root = document.documentElement;
    const before = root.dataset.theme;
    root.dataset.themeWish = wish();
    const chosen = wish() === "system" ? (dark.matches ? "dark" : "light") : wish();
    root.dataset.theme = paper.matches ? "light" : chosen;
    if (before && before !== root.dataset.theme) document.dispatchEvent(new Event("whirr:theme"));
  };
  apply();
  for (const query of [dark, paper]) query.addEventListener("change", apply);
  window.addEventListener("storage", apply);
  document.addEventListener("whirr:theme-wish", apply);
})();
