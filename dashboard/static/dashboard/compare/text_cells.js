// Cells of texts: configs, packages, commits. What is not as in the baseline stands out, in more than its colour.
import { node } from "./nodes.js";

export function textCells(table) {
  const textOf = (row, run) => {
    const place = row.cells[table.place(run)];
    return place === undefined || place < 0 ? null : row.texts[place];
  };
  const differs = (row, runs) => {
    const [first, ...rest] = runs.map((run) => textOf(row, run));
    return rest.some((text) => text !== first);
  };
  return {
    head: (row) => [row.key],
    cell(row, run, isBaseline) {
      const text = textOf(row, run);
      const base = table.state.byId.get(table.state.baseline);
      const isOther = base && !isBaseline && text !== textOf(row, base);
      const cell = node("td", { class: isOther ? "other" : "", title: text ?? "not there" });
      if (text === null) cell.append(node("span", { class: "soft" }, "–"));
      else cell.append(text);
      if (isOther) cell.append(node("span", { class: "unseen" }, " (not as in the baseline)"));
      return cell;
    },
    keep: (row, runs) => table.everything || differs(row, runs),
    summary(shown, all, find) {
      if (!all) return "nothing was recorded";
      const among = find ? ` with “${find}”` : "";
      if (table.everything) return `${shown} of ${all} keys${among}`;
      return shown ? `${shown} of ${all} keys differ${among}` : `none of ${all} keys differs${among}`;
    },
  };
}
