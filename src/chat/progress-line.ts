/** As much as stands on one line of a wide screen. */
const MAX_LENGTH = 200;

export const LINE_START = "> ⚙ `";
const LINE_END = "` ⚙";
/** A quote goes on over the next line of text unless a blank one ends it. */
const APART = "\n\n";

/**
 * A line about a tool at work, inside the text of an answer. What it says comes from models and
 * backends, so it stands in a code span, where it is no markup; its two marks are how it is found
 * again in the history.
 */
export function progressLine(text: string): string {
  const line = text.replaceAll(/\s+/g, " ").trim().replaceAll("`", "'");
  const shown =
    line.length <= MAX_LENGTH ? line : `${line.slice(0, MAX_LENGTH - 1).toWellFormed()}…`;
  return `${APART}${LINE_START}${shown === "" ? "…" : shown}${LINE_END}${APART}`;
}

/** Where the line ends that begins at `start` with `LINE_START`; undefined for what is none. */
export function progressLineEnd(text: string, start: number): number | undefined {
  if (start > 0 && text[start - 1] !== "\n") return undefined;
  const close = text.indexOf("`", start + LINE_START.length);
  if (close === -1 || !text.startsWith(LINE_END, close)) return undefined;
  const end = close + LINE_END.length;
  const inside = text.slice(start, end);
  return inside.length > MAX_LENGTH + 20 || inside.includes("\n") ? undefined : end;
}
