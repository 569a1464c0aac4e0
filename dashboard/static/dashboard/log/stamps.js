// The time of a line, as the reader wants it.
import { duration } from "../words.js";

const two = (n) => String(n).padStart(2, "0");

export const LONG_GAP = 30; // seconds without a line that are drawn

/** `seconds` since 1970 as text; relative to `began`. */
export function stamp(seconds, mode, began) {
  if (seconds === null || seconds === undefined) return "";
  if (mode === "relative") return clock(seconds - (began ?? seconds));
  const date = new Date(seconds * 1000);
  if (mode === "utc") return `${date.toISOString().slice(0, 19).replace("T", " ")}Z`;
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const hours = Math.floor(whole / 3600);
  return `${hours ? `${hours}:` : ""}${two(Math.floor((whole % 3600) / 60))}:${two(whole % 60)}`;
}

export const gapText = (seconds) => `${duration(seconds)} without a line`;
