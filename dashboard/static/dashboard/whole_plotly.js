// Pages start with Plotly's basic build, a quarter of the whole one; a figure of another kind fetches that, once.
const BASIC = new Set(["scatter", "bar"]);
let whole = null;

/** The Plotly that can draw these traces. */
export function plotlyFor(data) {
  return data.every(({ type }) => BASIC.has(type)) ? Promise.resolve(window.Plotly) : (whole ??= fetched());
}

function fetched() {
  const basic = window.Plotly; // what is drawn with it stays with it
  const script = document.createElement("script");
  script.src = document.querySelector("script[data-plotly-whole]").dataset.plotlyWhole;
  return new Promise((done, failed) => {
    script.onload = () => {
      done(window.Plotly);
      window.Plotly = basic;
    };
    script.onerror = () => {
      whole = null;
      script.remove();
      failed(new Error("Plotly could not be fetched"));
    };
    document.head.append(script);
  });
}
