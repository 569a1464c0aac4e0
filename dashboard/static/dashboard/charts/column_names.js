// Names of columns while somebody types one: by what charts are coloured, dashed or set apart.
const SOON = 150; // ms after the last key
const KINDS = new Set(["config", "summary", "metric", "package"]);
const OTHERS = new Set(["name", "project", "user", "id", "state", "host", "tags", "created", "started", "commit", "branch", "dirty", "python", "gpu"]);

/** `list`: the datalist of all `inputs`; of names that commas part, the last one is completed. */
export function completeColumns(inputs, list) {
  let timer;
  const soon = (input) => {
    clearTimeout(timer);
    timer = setTimeout(() => offer(input.value, list), SOON);
  };
  for (const input of inputs) for (const event of ["focus", "input"]) input.addEventListener(event, () => soon(input));
}

async function offer(text, list) {
  const before = text.slice(0, text.lastIndexOf(",") + 1);
  const query = new URLSearchParams({ find: text.slice(before.length).trim() });
  try {
    const answer = await fetch(`/runs/columns.json?${query}`);
    if (!answer.ok) return;
    const { groups } = await answer.json();
    list.replaceChildren(...namesOf(groups).map((name) => Object.assign(document.createElement("option"), { value: `${before}${before && " "}${name}` })));
  } catch {
    // completion is a comfort
  }
}

/** Those columns of the table by which a board can tell runs apart. */
export function namesOf(groups) {
  return groups.flatMap(({ columns }) => columns.map(({ key }) => key)).filter((key) => OTHERS.has(key) || KINDS.has(key.split(".", 1)[0]));
}
