import { endOfString, STRING } from "../llm/text-frame.ts";

/** Units that stay under 16 KiB whatever UTF-8 makes of them: see `split-text.ts`. */
export const SURELY_SMALL = 5_000;
/** To make a pattern costs as much as to parse twenty events. */
const WORTH_A_PATTERN = 20;
/** Where a text of the answer begins in a chunk. */
const TEXT = /"(?:content|reasoning_content|reasoning)":\s*"/;

/** What stands around the text of an event that was found harmless. */
export type Frame = Readonly<{
  /** Adds the events from `start` on that differ from it in their text alone; where they end. */
  pass: (text: string, start: number, out: string[]) => number;
}>;

/** Undefined for an event without a text. In JSON a string follows `"content":"` wherever it stands. */
export function createFrame(event: string): Frame | undefined {
  const found = TEXT.exec(event);
  if (found === null) return undefined;
  const textStart = found.index + found[0].length;
  const before = event.slice(0, textStart);
  const after = `${event.slice(endOfString(event, textStart))}\n\n`;
  let passed = 0;
  let pattern: RegExp | undefined;

  function endOfOne(text: string, start: number): number {
    if (!text.startsWith(before, start)) return start;
    const end = endOfString(text, start + before.length);
    return text.startsWith(after, end) ? end + after.length : start;
  }

  return {
    pass(text, start, out) {
      let end: number;
      if (pattern === undefined) {
        end = endOfOne(text, start);
        passed += 1;
        if (passed > WORTH_A_PATTERN) pattern = patternOf(before, after);
      } else {
        pattern.lastIndex = start;
        pattern.test(text);
        end = pattern.lastIndex;
      }
      return addWhole(text.slice(start, end), out) + start;
    },
  };
}

/** Many such events in one go. */
function patternOf(before: string, after: string): RegExp {
  const escaped = [before, after].map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&"));
  return new RegExp(`(?:${escaped.join(STRING)})*`, "y");
}

/** In pieces of whole events that fit any write, up to one that is too large; how much that is. */
function addWhole(events: string, out: string[]): number {
  let start = 0;
  while (events.length - start > SURELY_SMALL) {
    const end = events.lastIndexOf("\n\n", start + SURELY_SMALL - 2) + 2;
    if (end <= start + 1) return start;
    out.push(events.slice(start, end));
    start = end;
  }
  if (start < events.length) out.push(start === 0 ? events : events.slice(start));
  return events.length;
}
