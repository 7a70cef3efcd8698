/** Longer words are not typing mistakes of a name. */
const MAX_LENGTH = 128;
/** Below it, two names share little but their letters. */
const MIN_CLOSE = 0.6;

/** At most `limit` of the names that look like what was meant, best first. */
export function nearNames(
  meant: string,
  names: readonly string[],
  limit: number,
): readonly string[] {
  const wanted = plain(meant.slice(0, MAX_LENGTH));
  const wantedParts = partsOf(meant.slice(0, MAX_LENGTH));
  return names
    .map((name) => ({ name, score: score(wanted, wantedParts, name) }))
    .filter((entry) => entry.score > 0)
    .toSorted((a, b) => b.score - a.score || (a.name < b.name ? -1 : 1))
    .slice(0, limit)
    .map((entry) => entry.name);
}

/** From 0, unlike, to 1. */
function score(wanted: string, wantedParts: readonly string[], name: string): number {
  const candidate = plain(name);
  if (candidate === "" || wanted === "") return 0;
  if (candidate === wanted) return 1;
  const contained = candidate.includes(wanted) || wanted.includes(candidate) ? 0.8 : 0;
  const parts = new Set(partsOf(name));
  const shared =
    wantedParts.filter((part) => parts.has(part)).length / Math.max(1, wantedParts.length);
  const longest = Math.max(wanted.length, candidate.length);
  // Names of very different lengths cannot be close, and there may be thousands of them.
  const mayBeClose = Math.abs(wanted.length - candidate.length) < longest * (1 - MIN_CLOSE);
  const close = mayBeClose ? 1 - editDistance(wanted, candidate) / longest : 0;
  return Math.max(contained, shared * 0.7, close > MIN_CLOSE ? close : 0);
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]/g, "");
}

function partsOf(name: string): readonly string[] {
  return name
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((part) => part.length > 2);
}

/** Levenshtein, one row at a time. */
function editDistance(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let i = 1; i <= left.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= right.length; j += 1) {
      const change = (row[j - 1] ?? 0) + (left[i - 1] === right[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
