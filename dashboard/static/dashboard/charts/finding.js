// Searching among metric names: a regular expression where there is one, else the text itself.
import { compile } from "./pattern.js";

const LONGEST = 100;

/** A test of names for what was typed: {test, isLiteral}. An empty text finds all. */
export function finder(text) {
  const wanted = text.trim().slice(0, LONGEST);
  if (!wanted) return { test: () => true, isLiteral: true };
  const test = compile(wanted);
  if (test) return { test, isLiteral: false };
  const plain = wanted.toLowerCase();
  return { test: (name) => name.toLowerCase().includes(plain), isLiteral: true };
}
