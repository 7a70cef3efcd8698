/** A run of a text: in both, only before, only after. */
export type TextPart = Readonly<{ kind: "same" | "gone" | "new"; text: string }>;

/** Cells of the table of all pairs of words; beyond it, whole passages are told apart instead. */
const MAX_CELLS = 250_000;

/** What became of a text, word by word. Put together, `same` and `new` are the text after. */
export function diffTexts(before: string, after: string): readonly TextPart[] {
  const left = wordsOf(before);
  const right = wordsOf(after);
  const shorter = Math.min(left.length, right.length);
  let start = 0;
  while (start < shorter && left[start] === right[start]) start += 1;
  let end = 0;
  while (end < shorter - start && left.at(-1 - end) === right.at(-1 - end)) end += 1;
  const gone = left.slice(start, left.length - end);
  const added = right.slice(start, right.length - end);
  return joined([
    { kind: "same", text: left.slice(0, start).join("") },
    ...(gone.length * added.length > MAX_CELLS ? [] : diffWords(gone, added)),
    ...(gone.length * added.length > MAX_CELLS ? passages(gone, added) : []),
    { kind: "same", text: left.slice(left.length - end).join("") },
  ]);
}

function wordsOf(text: string): readonly string[] {
  return text.match(/\s+|[^\s]+/g) ?? [];
}

function passages(gone: readonly string[], added: readonly string[]): readonly TextPart[] {
  return [
    { kind: "gone", text: gone.join("") },
    { kind: "new", text: added.join("") },
  ];
}

/** The longest common subsequence, by the table of the lengths of all ends. */
function diffWords(gone: readonly string[], added: readonly string[]): readonly TextPart[] {
  const width = added.length + 1;
  const lengths = new Uint16Array((gone.length + 1) * width);
  const at = (i: number, j: number): number => lengths[i * width + j] ?? 0;
  for (let i = gone.length - 1; i >= 0; i -= 1) {
    for (let j = added.length - 1; j >= 0; j -= 1) {
      lengths[i * width + j] =
        gone[i] === added[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const parts: TextPart[] = [];
  let i = 0;
  let j = 0;
  while (i < gone.length || j < added.length) {
    const [before = "", after = ""] = [gone[i], added[j]];
    if (i < gone.length && j < added.length && before === after) {
      parts.push({ kind: "same", text: before });
      i += 1;
      j += 1;
    } else if (j >= added.length || (i < gone.length && at(i + 1, j) >= at(i, j + 1))) {
      parts.push({ kind: "gone", text: before });
      i += 1;
    } else {
      parts.push({ kind: "new", text: after });
      j += 1;
    }
  }
  return parts;
}

function joined(parts: readonly TextPart[]): readonly TextPart[] {
  const runs: TextPart[] = [];
  for (const part of parts) {
    if (part.text === "") continue;
    const last = runs.at(-1);
    if (last?.kind === part.kind) runs[runs.length - 1] = { ...part, text: last.text + part.text };
    else runs.push(part);
  }
  return runs;
}
