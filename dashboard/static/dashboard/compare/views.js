// Saved views of the compare page. Another view means other runs, so the page comes anew with it.
import { Views } from "../runs/views.js";
import { onChange } from "../urlstate.js";

const NONE = "None yet. A view keeps the runs and how they are shown under a name.";

new Views({
  page: "compare",
  none: NONE,
  hasDefault: false,
  table: { load: () => location.reload() },
  go: (address) => location.assign(`?${address}`),
});
onChange((names) => names?.has("view") && location.reload());
