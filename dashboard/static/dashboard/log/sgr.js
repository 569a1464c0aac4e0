// Styles of terminal output: what SGR escapes say, as classes and colours that can be read in both themes.
export const PLAIN = Object.freeze({});

const ON = { 1: "bold", 2: "faint", 3: "italic", 4: "underline", 7: "inverse", 9: "strike" };
const OFF = { 22: ["bold", "faint"], 23: ["italic"], 24: ["underline"], 27: ["inverse"], 29: ["strike"] };
const STEPS = [0, 95, 135, 175, 215, 255];
const LIGHTEST_ON_PAPER = 0.165; // luminance that still has a contrast of 4.5 on the log's paper, light
const DARKEST_ON_PAPER = 0.225; // and dark

/** The style after `\x1b[<codes>m`; parts of a code may stand between colons. */
export function sgr(style, codes) {
  let next = { ...style };
  const list = codes.split(";").map((code) => code.split(":").map((part) => (part === "" ? 0 : Number(part))));
  for (let i = 0; i < list.length; i += 1) {
    const [code, ...parts] = list[i];
    if (code === 0) next = style.link ? { link: style.link } : {};
    else if (code === 4 && parts[0] === 0) delete next.underline;
    else if (ON[code]) next[ON[code]] = true;
    else if (OFF[code]) OFF[code].forEach((name) => delete next[name]);
    else if (code >= 30 && code <= 37) next.fg = code - 30;
    else if (code >= 90 && code <= 97) next.fg = code - 82;
    else if (code >= 40 && code <= 47) next.bg = code - 40;
    else if (code >= 100 && code <= 107) next.bg = code - 92;
    else if (code === 39) delete next.fg;
    else if (code === 49) delete next.bg;
    else if (code === 38 || code === 48) {
      const told = parts.length ? parts : list.slice(i + 1, i + 5).map((each) => each[0]);
      const colour = colourOf(parts.length > 4 ? [parts[0], ...parts.slice(-3)] : told);
      if (colour !== undefined) next[code === 38 ? "fg" : "bg"] = colour;
      if (!parts.length) i += told[0] === 5 ? 2 : told[0] === 2 ? 4 : 0;
    }
  }
  return next;
}

/** Of 256 colours the first sixteen are the theme's own, as numbers; others are [red, green, blue]. */
function colourOf([kind, ...numbers]) {
  if (kind === 2) return numbers.length >= 3 ? numbers.slice(0, 3).map((each) => Math.min(255, Math.max(0, each || 0))) : undefined;
  const n = numbers[0];
  if (kind !== 5 || !(n >= 0 && n <= 255)) return undefined;
  if (n < 16) return n;
  if (n >= 232) return [8 + (n - 232) * 10, 8 + (n - 232) * 10, 8 + (n - 232) * 10];
  return [STEPS[Math.floor((n - 16) / 36)], STEPS[Math.floor((n - 16) / 6) % 6], STEPS[(n - 16) % 6]];
}

function luminance(colour) {
  const [r, g, b] = colour.map((each) => (each <= 10 ? each / 3294 : ((each / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

const readable = new Map();

/** The nearest colours that can be read on the log's paper: {light, dark} for the two themes. */
export function inks(colour) {
  const key = colour.join();
  if (!readable.has(key)) {
    if (readable.size > 4096) readable.clear();
    readable.set(key, {
      light: toward(colour, 0, (each) => luminance(each) <= LIGHTEST_ON_PAPER),
      dark: toward(colour, 255, (each) => luminance(each) >= DARKEST_ON_PAPER),
    });
  }
  return readable.get(key);
}

function toward(colour, end, enough) {
  let mixed = colour;
  for (let share = 0.1; !enough(mixed) && share <= 1; share += 0.1) {
    mixed = colour.map((each) => Math.round(each + (end - each) * share));
  }
  return `rgb(${mixed.join(" ")})`;
}

/** Give an element the look of a style. */
export function dress(element, style) {
  for (const name of ["bold", "faint", "italic", "underline", "strike"]) if (style[name]) element.classList.add(name);
  let { fg, bg } = style;
  if (style.inverse) [fg, bg] = [bg, fg ?? "ink"];
  if (bg !== undefined) return dressBack(element, bg);
  if (Array.isArray(fg)) {
    const { light, dark } = inks(fg);
    element.classList.add("fg-own");
    element.style.setProperty("--fg-light", light);
    element.style.setProperty("--fg-dark", dark);
  } else if (fg !== undefined) element.classList.add(`fg${fg}`);
}

// On a colour of its own a text is black or white, or the paper's: whatever can be read there.
function dressBack(element, bg) {
  if (!Array.isArray(bg)) return element.classList.add("on", bg === "ink" ? "inverse" : `bg${bg}`);
  element.classList.add("bg-own", luminance(bg) > 0.18 ? "on-light" : "on-dark");
  element.style.setProperty("--bg-own", `rgb(${bg.join(" ")})`);
}
