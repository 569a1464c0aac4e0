// Saved views of the compare page. Another view means other runs, so the page comes anew with it; what was said of it is
// said again then, and the focus is where the menu was.
import { Views } from "../runs/views.js";
import { noticed, toast } from "../toast.js";
import { onChange } from "../urlstate.js";

const NONE = "None yet. A view keeps the runs and how they are shown under a name.";
const CARRIED = "whirr-carried";

function anew() {
  sessionStorage.setItem(CARRIED, noticed());
  location.reload();
}

function arrive() {
  const said = sessionStorage.getItem(CARRIED);
  if (said === null) return;
  sessionStorage.removeItem(CARRIED);
  if (said) toast(said);
  document.querySelector("[data-views-open]").focus();
}

new Views({
  page: "compare",
  none: NONE,
  hasDefault: false,
  table: { load: anew },
  go: (address) => location.assign(`?${address}`),
});
onChange((names) => names?.has("view") && anew());
arrive();
