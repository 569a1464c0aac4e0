// Which colour a run has: the one it was given (dashboard/palette.py), or the one that this person chose for it.
const STORE = "whirr-colours";
export const COLOURS = 8;

function kept() {
  try {
    const found = JSON.parse(localStorage.getItem(STORE) ?? "{}");
    return found && typeof found === "object" ? found : {};
  } catch {
    return {};
  }
}

let chosen = kept();
window.addEventListener("storage", (event) => {
  if (event.key !== STORE) return;
  chosen = kept();
  document.dispatchEvent(new CustomEvent("whirr:colours"));
});

/** The number of a run's colour (--series-<number>). */
export function colourOf(run, given) {
  const mine = chosen[run];
  return Number.isInteger(mine) && mine >= 0 && mine < COLOURS ? mine : given;
}

/** Choose a colour for a run; null gives its own back. Pages are told by the event `whirr:colours`. */
export function setColour(run, number) {
  chosen = { ...kept() };
  if (number === null) delete chosen[run];
  else chosen[run] = number;
  try {
    localStorage.setItem(STORE, JSON.stringify(chosen));
  } catch {
    // kept for this page alone
  }
  document.dispatchEvent(new CustomEvent("whirr:colours"));
}
