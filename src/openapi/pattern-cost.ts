/** Longer ones are rarely about one word; what compiling them costs is their writer's choice. */
const MAX_PATTERN = 200;
/** A repeat that may be longer than this might as well have no end. */
const MAX_RANGE = 100;
/** Engines write out a repeat that is counted. */
const MAX_EXACT = 1_000;

/**
 * How many steps a pattern takes at most on a text of that length; Infinity where that cannot be
 * told. Pattern and text are both strangers', and an engine that goes back and tries again can be
 * kept busy for years by two short ones, so only what is cheap is tried at all.
 */
export function patternCost(pattern: string, length: number): number {
  if (pattern.length > MAX_PATTERN || !compiles(pattern)) return Infinity;
  const plain = pattern.replace(/\\[^1-9k]/g, "x").replace(/\[[^\]]*\]/g, "x");
  // References back, and groups that look around, are tried again at every place.
  if (/\\|\(\?(?!:)/.test(plain) || repeatsRepeats(plain)) return Infinity;
  let choices = 2 ** (plain.split("|").length - 1);
  // Endless repeats share the text out between them, and so does the place where a match begins.
  let power = plain.startsWith("^") && !plain.includes("|") ? 0 : 1;
  for (const [, least, comma, most] of plain.matchAll(REPEATS)) {
    if (Number(least) > MAX_EXACT) return Infinity;
    const range = comma === "" ? 1 : Number(most || Infinity) - Number(least) + 1;
    if (range > MAX_RANGE) power += 1;
    else choices *= range;
  }
  for (const [written] of plain.matchAll(/[+*?]/g)) {
    if (written === "?") choices *= 2;
    else power += 1;
  }
  return choices * length ** power;
}

/** `{2}`, `{2,}` and `{2,5}`. */
const REPEATS = /\{(\d+)(,?)(\d*)\}/g;
const ANY_CHOICE = /[+*?|{]/;

/** Repeats in a group that is repeated multiply; `(…)?` only says that the group may be missing. */
function repeatsRepeats(pattern: string): boolean {
  const begun: number[] = [];
  for (let at = 0; at < pattern.length; at += 1) {
    if (pattern[at] === "(") begun.push(at + (pattern.startsWith("(?:", at) ? 3 : 1));
    if (pattern[at] !== ")") continue;
    const inner = pattern.slice(begun.pop() ?? 0, at);
    if (/^[+*{]/.test(pattern.slice(at + 1)) && ANY_CHOICE.test(inner)) return true;
  }
  return false;
}

function compiles(pattern: string): boolean {
  try {
    return new RegExp(pattern, "u").source !== "";
  } catch {
    return false; // of another language
  }
}
