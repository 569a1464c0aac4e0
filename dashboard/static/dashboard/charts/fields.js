// What the menu of a chart asks: its axes, the range of its values, and how much it is smoothed.
import { element } from "./elements.js";
import { isRange, rangeText } from "./settings.js";
import { AMOUNTS, FIRST } from "./tools.js";

const AXES = [["", "as the board"], ["step", "step"], ["relative", "relative time"], ["time", "time of day"], ["metric", "a metric…"]];
const KINDS = [["", "as the board"], ["none", "none"], ["ema", "exponential mean"], ["gauss", "gaussian"], ["mean", "running mean"]];
const NONE = "ema:0";

const options = (choices, now) => choices.map(([value, text]) => element("option", { value, selected: value === now }, text));

/** A choice: [title, [[value, text], …]], the value of now, and who hears of another. */
export function choice([title, choices], now, chosen) {
  const select = element("select", {}, options(choices.some(([value]) => value === now) ? choices : [...choices, [now, now]], now));
  select.addEventListener("change", () => chosen(select.value));
  return element("label", {}, [title, select]);
}

/** The horizontal axis: any metric, however many there are. */
export function axisFields(now, chosen) {
  const isMetric = now.startsWith("metric:");
  const metric = element("input", { type: "search", list: "board-metrics", autocomplete: "off", placeholder: "Metric along x", value: isMetric ? now.slice(7) : "" });
  const row = element("label", { hidden: !isMetric }, ["Its metric", metric]);
  metric.addEventListener("change", () => chosen(metric.value ? `metric:${metric.value}` : ""));
  const axis = choice(["Horizontal axis", AXES], isMetric ? "metric" : now, (value) => {
    row.hidden = value !== "metric";
    if (row.hidden) chosen(value);
    else metric.focus();
  });
  return [axis, row];
}

/**
 * What somebody means by two texts: {range: "1:2"}, "" for automatic, or {wrong}. One that is empty stays as it is shown now.
 */
export function rangeSaid(texts, shown, isLog) {
  if (texts.every((text) => !text.trim())) return { range: "" };
  const [low, high] = texts.map((text, at) => (text.trim() ? Number(text) : shown[at]));
  if (!Number.isFinite(low) || !Number.isFinite(high)) return { wrong: "From and to are numbers." };
  if (low >= high) return { wrong: "From must be less than to." };
  if (!isRange(low, high)) return { wrong: "From and to are too far apart." };
  if (isLog && low <= 0) return { wrong: "A log axis begins above zero." };
  return { range: rangeText([low, high]) };
}

/** The values that are shown: from, to, or automatic. */
export function rangeFields(chart, chosen) {
  const { fixed } = chart.settings;
  const field = (at, name) => element("input", { type: "text", inputmode: "decimal", autocomplete: "off", placeholder: name, "aria-label": `Values ${name}`, value: fixed ? String(fixed[at]) : "" });
  const fields = [field(0, "from"), field(1, "to")];
  const wrong = element("p", { class: "wrong", role: "alert" });
  const automatic = element("button", { class: "button slim", type: "button", "aria-label": "Values automatic" }, "auto");
  const read = () => {
    const shown = chart.drawing?.axis.bounds ?? [NaN, NaN];
    const told = rangeSaid(fields.map(({ value }) => value), shown, chart.settings.y === "log"); // as it is by now
    wrong.textContent = told.wrong ?? "";
    if (!told.wrong) chosen(told.range);
  };
  automatic.addEventListener("click", () => {
    for (const each of fields) each.value = "";
    read();
  });
  for (const each of fields) each.addEventListener("change", read);
  return [element("div", { class: "chart-menu-range", role: "group", "aria-label": "Values" }, ["Values", ...fields, automatic]), wrong];
}

/** By what, and how much: `now` and what is chosen are as an address has them, "ema:0.9". */
export function smoothFields(now, chosen) {
  const [told, amountTold] = now.split(":");
  let kind = now === NONE ? "none" : told;
  const amount = element("input", { type: "range", "aria-label": "How much" });
  const shown = element("output", { class: "num" });
  const row = element("label", {}, ["How much", element("span", { class: "chart-menu-amount" }, [amount, shown])]);
  const show = (value) => {
    row.hidden = !Object.hasOwn(AMOUNTS, kind);
    if (row.hidden) return;
    for (const [name, limit] of Object.entries(AMOUNTS[kind])) amount[name] = limit;
    amount.value = value;
    shown.textContent = amount.value;
  };
  show(amountTold);
  amount.addEventListener("input", () => {
    shown.textContent = amount.value;
    chosen(`${kind}:${amount.value}`);
  });
  const by = choice(["Smoothing", KINDS], kind, (value) => {
    kind = value;
    show(FIRST[kind]);
    chosen(row.hidden ? (kind && NONE) : `${kind}:${amount.value}`);
  });
  return [by, row];
}
