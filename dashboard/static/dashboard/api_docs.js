"use strict";

// What the viewer of the API says wrongly to a screen reader, said anew by parts that stand in the place of its own:
// what comes before its <main> is in a landmark too, a heading stands between its first and its third level, and no
// link is inside the button that opens a request.
globalThis.easierToRead = ({ React }) => {
  const region = (name) => (Part) => (props) =>
    React.createElement("div", { role: "region", "aria-label": name }, React.createElement(Part, props));
  const headed = (words) => (Part) => (props) =>
    React.createElement(
      React.Fragment,
      null,
      React.createElement("h2", { className: "visually-hidden" }, words),
      React.createElement(Part, props),
    );
  return {
    wrapComponents: {
      InfoContainer: region("About the API"),
      SchemesContainer: region("Authorization"),
      operations: headed("Requests"),
      DeepLink: () => ({ text }) => React.createElement("span", null, text),
    },
  };
};

// What it draws once a request is opened, or answered: examples scroll by keys, fields and tables of responses have names.
function mend() {
  for (const each of document.querySelectorAll("pre.microlight")) each.tabIndex = 0;
  for (const field of document.querySelectorAll("[data-param-name] :is(input, select, textarea)")) {
    field.setAttribute("aria-label", field.closest("[data-param-name]").dataset.paramName);
  }
  for (const table of document.querySelectorAll("table.responses-table[role=region]")) {
    const summary = table.closest(".opblock").querySelector(".opblock-summary-control").textContent;
    table.setAttribute("aria-label", `Responses to ${summary}`);
  }
}

new MutationObserver(mend).observe(document.querySelector("#swagger-ui"), { childList: true, subtree: true });

// The viewer hears of a changed address and keeps the focus where it is.
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  document.querySelector("#operations")?.focus();
});
