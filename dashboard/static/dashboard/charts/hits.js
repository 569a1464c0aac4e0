// Which point a pointer means, found in typed arrays: Plotly is not asked, so a thousand curves cost what one does.

/** The index of the value of `x` that is nearest to `at`; -1 where there is none. `x` ascends. */
export function nearest(x, at) {
  if (!x.length || Number.isNaN(at)) return -1;
  let low = 0;
  let high = x.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (x[middle] < at) low = middle + 1;
    else high = middle;
  }
  return low > 0 && at - x[low - 1] <= x[low] - at ? low - 1 : low;
}

/**
 * What lies under the pointer: {rows, hit}. Of each line the point nearest along x, left out where that is further away
 * than `reach`; `hit` is the row that is nearest in pixels. `toX` and `toY` place values in pixels.
 */
export function under(lines, { x, px, py, reach, toX, toY }) {
  const rows = [];
  let hit = null;
  let least = Infinity;
  for (const line of lines) {
    const at = nearest(line.x, x);
    if (at < 0 || Math.abs(line.x[at] - x) > reach) continue;
    const row = { line, at, x: line.x[at], y: line.y[at] };
    rows.push(row);
    const across = Number.isFinite(row.y) ? (toX(row.x) - px) ** 2 / 4 + (between(line, at, x, toX, toY, px) - py) ** 2 : Infinity;
    if (across < least) [least, hit] = [across, row];
  }
  return { rows, hit };
}

/** The height of the line itself under the pointer, between two of its points. */
function between(line, at, x, toX, toY, px) {
  const other = x > line.x[at] ? at + 1 : at - 1;
  const here = toY(line.y[at]);
  if (other < 0 || other >= line.x.length || !Number.isFinite(line.y[other])) return here;
  const [from, to] = [toX(line.x[at]), toX(line.x[other])];
  return from === to ? here : here + ((toY(line.y[other]) - here) * (px - from)) / (to - from);
}

/** Rows as a tooltip shows them: greatest first, at most `most`, the one that was hit among them; and how many are left. */
export function shownRows(rows, hit, most = 12) {
  const sorted = [...rows].sort((one, other) => (Number.isFinite(other.y) ? other.y : -Infinity) - (Number.isFinite(one.y) ? one.y : -Infinity));
  const shown = sorted.slice(0, most);
  if (hit && !shown.includes(hit)) shown[shown.length - 1] = hit;
  return { shown, more: sorted.length - shown.length };
}
