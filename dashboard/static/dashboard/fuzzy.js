// Finding by a few letters in their order: the same measure as dashboard/finding.py.

/** How well `text` fits, lower is better; Infinity where the letters are not in it in this order. */
export function distance(find, text) {
  const [wanted, given] = [find.toLowerCase(), text.toLowerCase()];
  const whole = given.indexOf(wanted);
  if (whole >= 0) return whole === 0 || /\W/.test(given[whole - 1]) ? 0 : 1;
  let at = -1;
  let gaps = 0;
  for (const letter of wanted) {
    if (letter === " ") continue;
    const next = given.indexOf(letter, at + 1);
    if (next < 0) return Infinity;
    if (at >= 0) gaps += next - at - 1;
    at = next;
  }
  return 2 + gaps;
}

/** The things that fit, the best first; all of them for an empty text. `said` gives the words of one. */
export function rank(find, things, said) {
  if (!find) return [...things];
  const found = things.map((thing) => [distance(find, said(thing)), thing]).filter(([far]) => far < 2 + 3 * find.length);
  return found.sort(([one], [other]) => one - other).map(([, thing]) => thing);
}
