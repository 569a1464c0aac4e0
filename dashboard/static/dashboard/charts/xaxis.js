// The horizontal axis: ticks of times in hours, minutes and seconds, and in the zone that somebody chose.
import { exact, zone } from "../times.js";
import { number } from "../words.js";

const TICKS = 5; // distances at most
const DIGITS = 15; // after the point; who looks nearer sees powers of ten
const [MINUTE, HOUR, DAY] = [60, 3600, 86_400];
const STEPS = [1, 2, 5, 10, 15, 30, ...[1, 2, 5, 10, 15, 30].map((each) => each * MINUTE), ...[1, 2, 3, 6, 12].map((each) => each * HOUR), DAY, 2 * DAY];

/** A distance between ticks in seconds, so that there are few: one that clocks have, or else a round number. */
export function stepOf(from, to) {
  const least = (to - from) / TICKS;
  const clock = STEPS.find((each) => each >= least);
  if (clock && least > 0.5) return clock;
  const unit = least > 0.5 ? DAY : 1;
  const power = 10 ** Math.floor(Math.log10(least / unit));
  return unit * [1, 2, 5, 10].map((each) => each * power).find((each) => each * (1 + 1e-9) >= least / unit);
}

/** "45 s", "1 h 30 min", "2 d 6 h", "12.5 s": a stretch of time, whole. */
export function stretch(seconds) {
  if (Math.abs(seconds) < MINUTE) return `${number(seconds)} s`;
  const sign = seconds < 0 ? "-" : "";
  let left = Math.round(Math.abs(seconds));
  const parts = [[DAY, "d"], [HOUR, "h"], [MINUTE, "min"], [1, "s"]].map(([size, unit]) => {
    const count = Math.floor(left / size);
    left -= count * size;
    return count ? `${count} ${unit}` : "";
  });
  return sign + parts.filter(Boolean).join(" ");
}

function multiples(from, to, step) {
  const found = [];
  for (let at = Math.ceil(from / step - 1e-9); at * step <= to && found.length < 4 * TICKS; at += 1) found.push(at * step || 0);
  return found;
}

const relative = ([from, to]) => {
  const step = stepOf(from, to);
  const tickvals = multiples(from, to, step);
  const digits = Math.max(0, -Math.floor(Math.log10(step)));
  const seconds = (at) => (digits > DIGITS ? number(at) : Number(at.toFixed(digits)));
  const told = (at) => (Math.abs(at) < MINUTE || step < 1 ? `${seconds(at)} s` : stretch(at).replace(/(h \d+) min$/, "$1"));
  return { tickvals, ticktext: tickvals.map(told) };
};

/** Seconds that the chosen zone is ahead of UTC at a moment. */
const ahead = (seconds) => (zone() === "utc" ? 0 : -60 * new Date(seconds * 1000).getTimezoneOffset());

/** Ticks at whole hours, days, … of the chosen zone; the day stands below the first, and wherever it is another. */
function ofDay([from, to]) {
  const step = Math.max(1, stepOf(from, to));
  const shift = ahead(from);
  const moments = multiples(from + shift, to + shift, step).map((each) => each - (step >= HOUR ? ahead(each - shift) : shift));
  let before = "";
  const ticktext = moments.map((moment) => {
    const [day, clock] = exact(new Date(moment * 1000)).split(" ");
    if (step >= DAY) return day;
    const told = `${step < MINUTE ? clock : clock.slice(0, 5)}${day === before ? "" : `<br>${day}`}`;
    before = day;
    return told;
  });
  return { tickvals: moments.map((each) => each * 1000), ticktext };
}

/** What Plotly is told of the axis: of `x` (step, relative, time, metric:<key>), and the range that is seen, or null. */
export function xaxisFor(x, range) {
  if (!range) return x === "time" ? { type: "date" } : {};
  if (x === "time") return { type: "date", autorange: false, range: range.map((each) => each * 1000), tickmode: "array", ...ofDay(range) }; // points are milliseconds
  return { range, autorange: false, ...(x === "relative" ? { tickmode: "array", ...relative(range) } : {}) };
}

/** A place along x, for a tooltip. */
export function placeText(x, value) {
  if (x === "time") return `${exact(new Date(value * 1000))} ${zone() === "utc" ? "UTC" : Intl.DateTimeFormat().resolvedOptions().timeZone}`;
  return x === "relative" ? stretch(value) : number(value);
}
