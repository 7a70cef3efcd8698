/** Shorter words are one slip away from half the language. */
const MIN_LENGTH = 4;
/** Two slips are forgiven from here on. */
const LONG = 7;
/** Of the words that begin alike; there are a few hundred with one letter. */
const MAX_LOOKED_AT = 5_000;
const MAX_MEANT = 3;

/**
 * The words of the index that somebody may have meant who wrote `word`, the nearest first. They
 * begin with the same letter: that one is rarely wrong, and looking at all others costs ten times as
 * much.
 */
export function findSlips(sql: SqlStorage, word: string): readonly string[] {
  const [first] = word;
  if (first === undefined || word.length < MIN_LENGTH) return [];
  const allowed = word.length < LONG ? 1 : 2;
  const rows = sql.exec<{ term: string }>(
    `SELECT term FROM vocabulary WHERE term >= ? AND term < ? LIMIT ${MAX_LOOKED_AT}`,
    first,
    following(first),
  );
  return [...rows]
    .map(({ term }) => ({ term, slips: slipsTo(word, term, allowed) }))
    .filter(({ slips }) => slips <= allowed)
    .toSorted((a, b) => a.slips - b.slips || (a.term < b.term ? -1 : 1))
    .slice(0, MAX_MEANT)
    .map(({ term }) => term);
}

/** Every word that begins with `first` is before it. */
function following(first: string): string {
  return String.fromCodePoint((first.codePointAt(0) ?? 0) + 1);
}

/**
 * How many letters are wrong, missing, too many or in each other's place. The index keeps stems, so
 * a term may end before the word does: up to three letters of an ending are not counted.
 */
function slipsTo(word: string, term: string, allowed: number): number {
  if (term.length > word.length + allowed || term.length < word.length - allowed - MAX_ENDING) {
    return Infinity;
  }
  let before: number[] = [];
  let row = Array.from({ length: word.length + 1 }, (_, at) => at);
  for (let i = 1; i <= term.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= word.length; j += 1) {
      const change = (row[j - 1] ?? 0) + (term[i - 1] === word[j - 1] ? 0 : 1);
      let least = Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1);
      const isSwapped =
        i > 1 && j > 1 && term[i - 1] === word[j - 2] && term[i - 2] === word[j - 1];
      if (isSwapped) least = Math.min(least, (before[j - 2] ?? 0) + 1);
      next.push(least);
    }
    before = row;
    row = next;
  }
  return Math.min(...row.slice(Math.max(0, word.length - MAX_ENDING)));
}

/** `-ing`, `-ed`, `-es`. */
const MAX_ENDING = 3;
