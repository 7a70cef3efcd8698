import type { JsonObject, JsonValue } from "../core/json.ts";
import type { TurnEvent } from "./turn.ts";

/** Where a text of the answer begins in a chunk. In JSON nothing else looks like it. */
const TEXT = /"(content|reasoning_content|reasoning)":\s*"/g;
/** The rest of a JSON string without its closing quote; a byte that was replaced is no text. */
export const STRING = String.raw`[^"\\\u0000-\u001f\ufffd]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\u0000-\u001f\ufffd]*)*`;
const REST_OF_STRING = new RegExp(STRING, "y");

/**
 * What stands around the text of an event: nearly all events of a stream differ in their text alone,
 * and to parse the rest again costs several times what everything else does with them.
 */
export type TextFrame = Readonly<{
  /** Adds what the events from `start` on say that differ in their text alone; where they end. */
  read: (stream: string, start: number, events: TurnEvent[]) => number;
}>;

/**
 * Undefined where the event, which said just this, says anything beside one text: then events like
 * it are not to be put together.
 */
export function createTextFrame(event: string, said: readonly TurnEvent[]): TextFrame | undefined {
  const delta = onlyDelta(said);
  const texts = [...event.matchAll(TEXT)];
  const [found] = texts;
  if (delta === undefined || found === undefined || texts.length > 1) return undefined;
  const [opening, key = ""] = found;
  const textStart = found.index + opening.length;
  const textEnd = endOfString(event, textStart);
  const isTheText = delta[key] === unescape(event.slice(textStart, textEnd));
  if (!isTheText || !saysOnly(delta, key)) return undefined;
  const before = event.slice(0, textStart);
  const after = event.slice(textEnd);

  return {
    read(stream, start, events) {
      if (!standsAt(stream, start, before)) return start;
      const pieces: string[] = [];
      let at = start;
      do {
        const end = endOfString(stream, at + before.length);
        if (!standsAt(stream, end, after)) break;
        pieces.push(stream.slice(at + before.length, end));
        at = end + after.length;
      } while (standsAt(stream, at, before));
      const text = pieces.join("");
      if (text !== "") events.push({ kind: "delta", delta: { ...delta, [key]: unescape(text) } });
      return at;
    },
  };
}

function onlyDelta([only, another]: readonly TurnEvent[]): JsonObject | undefined {
  const isAlone = only?.kind === "delta" && only.logprobs === undefined && another === undefined;
  return isAlone ? only.delta : undefined;
}

/** `startsWith` takes several times as long. */
function standsAt(text: string, at: number, part: string): boolean {
  return text.slice(at, at + part.length) === part;
}

/** Where the string of JSON that goes on at `start` has its closing quote. */
export function endOfString(text: string, start: number): number {
  REST_OF_STRING.lastIndex = start;
  REST_OF_STRING.test(text);
  return REST_OF_STRING.lastIndex;
}

function unescape(text: string): JsonValue {
  return text.includes("\\") ? JSON.parse(`"${text}"`) : text;
}

function saysOnly(delta: JsonObject, key: string): boolean {
  return Object.entries(delta).every(([name, value]) => name === key || value === null);
}
