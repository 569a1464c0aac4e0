// Searching among metric names: a regular expression where that is safe, else the text itself.
const LONGEST = 100;
const NESTED = /[+*}][^()]*\)[+*{?]/; // a repetition of repetitions can take for ever on a long name

/** A test of names for what was typed: {test, isLiteral}. An empty text finds all. */
export function finder(text) {
  const wanted = text.trim().slice(0, LONGEST);
  if (!wanted) return { test: () => true, isLiteral: true };
  if (!NESTED.test(wanted)) {
    try {
      const pattern = new RegExp(wanted, "i");
      return { test: (name) => pattern.test(name), isLiteral: false };
    } catch {
      // half-typed: what stands there is looked for as it is
    }
  }
  const plain = wanted.toLowerCase();
  return { test: (name) => name.toLowerCase().includes(plain), isLiteral: true };
}
