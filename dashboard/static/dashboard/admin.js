// Django's lists of two columns draw signs whose name a screen reader may not read: a span has none without a role.
addEventListener("load", () => {
  for (const sign of document.querySelectorAll("span[aria-label]:not([role])")) {
    sign.setAttribute("role", "img");
  }
});
