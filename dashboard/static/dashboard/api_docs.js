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
