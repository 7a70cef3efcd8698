/**
 * Characters that a person does not see and a model reads. Control and format characters
 * (zero-width, bidirectional, Unicode tags, soft hyphens, BOM), separators of lines, variation
 * selectors, and the letters that are drawn as nothing.
 */
const INVISIBLE =
  /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Variation_Selector}\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0]/gu;

/** These are what makes lines. */
const LAYOUT: ReadonlySet<string> = new Set(["\n", "\r", "\t"]);

/** The same text with a mark like `⟦U+200B⟧` for each character that would not be seen. */
export function showInvisible(text: string): string {
  return text.replace(INVISIBLE, (character) =>
    LAYOUT.has(character) ? character : `⟦${codeOf(character)}⟧`,
  );
}

/** Drawn as one picture: its joiners and selectors are where they belong. */
const PICTURES =
  /[\p{Extended_Pictographic}\d#*]\ufe0f?\u20e3?\p{Emoji_Modifier}?(?:\u200d\p{Extended_Pictographic}\ufe0f?\p{Emoji_Modifier}?)*/gu;
/** Persian and the scripts of India need joiners; Hebrew and Arabic marks of direction. */
const JOINED = /([\p{L}\p{M}])[\p{Join_Control}\u200e\u200f]/gu;
const PLAIN_LETTER = /[\p{Script=Latin}\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Han}]/u;

/** How many of which are in a text where no script needs them, the most frequent first. */
export function findInvisible(text: string): readonly Readonly<{ code: string; count: number }>[] {
  if (text.search(INVISIBLE) === -1) return [];
  const rest = text
    .replace(PICTURES, "")
    .replace(JOINED, (whole, letter: string) => (PLAIN_LETTER.test(letter) ? whole : letter));
  const counts = new Map<string, number>();
  for (const [character] of rest.matchAll(INVISIBLE)) {
    if (LAYOUT.has(character)) continue;
    const code = codeOf(character);
    counts.set(code, (counts.get(code) ?? 0) + 1);
  }
  return [...counts]
    .map(([code, count]) => ({ code, count }))
    .toSorted((a, b) => b.count - a.count);
}

function codeOf(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;
}
