import { LINE_START, progressLineEnd } from "./progress-line.ts";
import { CARD_START, readToolCard, type ToolCard } from "./tool-card.ts";

export type Piece =
  | Readonly<{ kind: "text"; text: string }>
  | Readonly<{ kind: "card"; card: ToolCard }>;

/** More than an answer can have; what follows stays text. */
const MAX_CARDS = 1_000;

/** Whether there is anything to take apart: most texts have none of it. */
export function holdsProgress(text: string): boolean {
  return text.includes(CARD_START) || text.includes(LINE_START);
}

/**
 * A text of an assistant without what the gateway wrote into it: progress lines are left out, cards
 * come as what they say. The text around them is as it was before they were put into it.
 */
export function takeApart(text: string): readonly Piece[] {
  const pieces: Piece[] = [];
  const cards = new Finder(text, CARD_START);
  const lines = new Finder(text, LINE_START);
  let kept = 0;
  let at = 0;
  let count = 0;
  while (count < MAX_CARDS) {
    const card = cards.next(at);
    const line = lines.next(at);
    const start = Math.min(card, line);
    if (start === Infinity) break;
    const read = start === card ? readToolCard(text, start) : undefined;
    const end = start === card ? read?.end : progressLineEnd(text, start);
    if (end === undefined) {
      at = start + 1;
      continue;
    }
    pushText(pieces, text.slice(kept, beforeBreaks(text, kept, start)));
    if (read !== undefined) pieces.push({ kind: "card", card: read.card });
    kept = afterBreaks(text, end);
    at = kept;
    count += 1;
  }
  pushText(pieces, text.slice(kept));
  return pieces;
}

/** Remembers what it found, so that one look for each place is enough. */
class Finder {
  readonly #text: string;
  readonly #mark: string;
  #found = -1;

  constructor(text: string, mark: string) {
    this.#text = text;
    this.#mark = mark;
  }

  /** The first place from `at` on; Infinity for none. */
  next(at: number): number {
    if (this.#found >= at) return this.#found;
    const found = this.#text.indexOf(this.#mark, at);
    this.#found = found === -1 ? Infinity : found;
    return this.#found;
  }
}

function pushText(pieces: Piece[], text: string): void {
  const last = pieces.at(-1);
  if (text === "") return;
  if (last?.kind !== "text") pieces.push({ kind: "text", text });
  else pieces[pieces.length - 1] = { kind: "text", text: last.text + text };
}

/** The two line breaks that were put before a card or line; a client may have trimmed them. */
function beforeBreaks(text: string, from: number, start: number): number {
  let at = start;
  while (at > from && at > start - 2 && text[at - 1] === "\n") at -= 1;
  return at;
}

function afterBreaks(text: string, end: number): number {
  let at = end;
  while (at < end + 2 && text[at] === "\n") at += 1;
  return at;
}
