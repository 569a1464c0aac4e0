// Which colour and dash a curve has: by run, by group, or by what its run has in a column.
import { number } from "../words.js";
import { COLOURS, colourOf } from "./colours.js";

export const NONE = "(none)"; // a run without such a value

export const told = (value) => (value === null || value === undefined ? NONE : typeof value === "number" ? number(value) : String(value));

/** Distinct values: numbers in their order, then texts, then none. */
function distinct(values) {
  const rank = (value) => (value === null || value === undefined ? 2 : typeof value === "number" ? 0 : 1);
  const found = [...new Set(values.map((value) => value ?? null))];
  return found.sort((one, other) => rank(one) - rank(other) || (rank(one) === 0 ? one - other : String(one).localeCompare(String(other))));
}

/**
 * How values of a column are told apart by colour: {of(value), legend: [{colour, label}], scale}. Many numbers are a scale
 * from the least to the greatest; others take the colours in turn.
 */
export function colouring(values, ramp) {
  const all = distinct(values);
  const numbers = all.filter((value) => typeof value === "number");
  const rest = all.filter((value) => typeof value !== "number" && value !== null);
  if (numbers.length > 2 && !rest.length) {
    const [least, most] = [numbers[0], numbers.at(-1)];
    const byLog = least > 0 && most / least > 100;
    const along = byLog ? Math.log : (value) => value;
    const share = (value) => (along(value) - along(least)) / (along(most) - along(least));
    const colour = (value) => `--ramp-${Math.round(share(value) * (ramp - 1))}`;
    return {
      of: (value) => (typeof value === "number" ? colour(value) : "--ink-soft"),
      legend: [least, numbers[numbers.length >> 1], most].map((value) => ({ colour: colour(value), label: number(value) })),
      scale: byLog ? "log" : "linear",
    };
  }
  const places = new Map(all.filter((value) => value !== null).map((value, at) => [value, at]));
  const colour = (value) => (places.has(value) ? `--series-${places.get(value) % COLOURS}` : "--ink-soft");
  const shared = places.size > COLOURS;
  return { of: colour, legend: all.map((value) => ({ colour: colour(value), label: told(value) })), scale: null, shared };
}

/** Dashes by value, in turn. */
export function dashing(values, dashes) {
  const places = new Map(distinct(values).map((value, at) => [value, at % dashes]));
  return (value) => places.get(value ?? null) ?? 0;
}

/** The look of a board's group: groups take the colours in turn, then dashes. */
export const groupLook = (at) => ({ colour: `--series-${at % COLOURS}`, dash: Math.floor(at / COLOURS) });

/**
 * The look of every run of a board: {of(run, place, alone), legend}. `place` counts a run's writers in a chart; where it is
 * `alone` there, they have colours of their own, or else dashes.
 */
export function looksOf(runs, settings, style) {
  const column = ["run", "group", ""].includes(settings.colour) ? "" : settings.colour;
  const byValue = column ? colouring([...runs.values()].map(({ values }) => values[column]), style.ramp) : null;
  const byDash = settings.dash ? dashing([...runs.values()].map(({ values }) => values[settings.dash]), style.dashes.length) : null;
  const of = (run, place = 0, alone = false) => {
    const each = runs.get(run);
    const given = colourOf(run, each.colour);
    const spread = alone && !byValue;
    const colour = byValue ? byValue.of(each.values[column]) : `--series-${spread ? (given + place) % COLOURS : given}`;
    const steps = spread ? Math.floor(place / COLOURS) : place;
    const dash = byDash ? byDash(each.values[settings.dash]) : each.dash + steps;
    return { colour, dash };
  };
  return { of, column, legend: byValue?.legend ?? [], scale: byValue?.scale ?? null };
}
