import { isJsonObject, type JsonObject, type JsonValue } from "../core/json.ts";
import { findFault, providerFailed, wasCut } from "../llm/chunk-fault.ts";
import { createChunkCleaner, type RelayedFrom } from "./raw-relay-chunk.ts";
import { createFrame, type Frame, SURELY_SMALL } from "./raw-relay-frame.ts";
import { writeChunk } from "./raw-relay-pieces.ts";

/** A provider that sends no end of an event is not to fill our memory. */
const MAX_EVENT = 1_024 * 1_024;

/** What a client gets of a provider's event stream. */
export type Sieve = Readonly<{
  /**
   * Whole events of the stream's next text are added to `out`. True: they are the text as it came.
   * Throws ProviderError when the provider tells of a failure, or sends what is no chat.
   */
  sift: (text: string, out: string[]) => boolean;
  /** What the end of the stream leaves to be said. Throws when the answer is not complete. */
  end: (out: string[]) => void;
  /** Nothing of the answer is missing but `[DONE]`. */
  isComplete: () => boolean;
  /** `[DONE]` has come. */
  isDone: () => boolean;
}>;

/**
 * An event is parsed, cleaned and written again, unless all but its text is the very same as of one
 * before that needed no cleaning: nothing can hide in a text, so those pass without being parsed.
 */
export function createSieve(from: RelayedFrom): Sieve {
  const { provider } = from;
  const cleaner = createChunkCleaner(from);
  let rest = "";
  /** `rest` ends with a line feed; to look at its end would copy all of it. */
  let endsLine = false;
  /** Half a line end, of which the other half may still come. */
  let half = "";
  let hasBegun = false;
  let frame: Frame | undefined;
  let isDone = false;

  /** Adds what a client may have of one event; false where that is not the event as it came. */
  function clean(event: string, out: string[]): boolean {
    const data = dataOf(event);
    if (data === undefined || isDone) return false;
    if (data === "[DONE]") {
      for (const chunk of cleaner.ends()) out.push(...writeChunk(chunk, provider));
      out.push("data: [DONE]\n\n");
      isDone = true;
      frame = undefined;
      return false;
    }
    const chunk = parseChunk(data, provider);
    const cleaned = cleaner.clean(chunk);
    if (cleaned === undefined) return false;
    if (cleaned !== chunk || event.length > SURELY_SMALL || event !== `data: ${data}`) {
      out.push(...writeChunk(cleaned, provider));
      return false;
    }
    out.push(`${event}\n\n`);
    frame = createFrame(event);
    return true;
  }

  function keep(unfinished: string): void {
    if (unfinished.length > MAX_EVENT)
      throw providerFailed(provider, "an event of its stream has no end");
    rest = unfinished;
  }

  /** The text with line feeds for all line ends. */
  function withLines(text: string): string {
    const all = half + text;
    half = all.endsWith("\r") ? "\r" : "";
    if (!all.includes("\r")) return all;
    return all.slice(0, all.length - half.length).replaceAll(/\r\n?/g, "\n");
  }

  return {
    sift(text, out) {
      // What stands before the first event, as a byte order mark, is not in the text.
      let isAsItCame = rest === "" && half === "" && hasBegun;
      hasBegun = true;
      const lines = withLines(text);
      if (lines !== text) isAsItCame = false;
      const mayEnd = lines.includes("\n\n") || (endsLine && lines.startsWith("\n"));
      if (rest !== "" && !mayEnd) {
        keep(rest + lines); // looked through again only when it has ended
        if (lines !== "") endsLine = lines.endsWith("\n");
        return false;
      }
      const all = rest + lines;
      let start = 0;
      while (start < all.length) {
        const passed = frame?.pass(all, start, out) ?? start;
        if (passed > start) {
          start = passed;
          continue;
        }
        const end = all.indexOf("\n\n", start);
        if (end < 0) break;
        if (!clean(all.slice(start, end), out)) isAsItCame = false;
        start = end + 2;
      }
      keep(all.slice(start));
      endsLine = rest.endsWith("\n");
      return isAsItCame && rest === "";
    },
    end(out) {
      if (isDone) return;
      // The blank line after the last event is often left out.
      if (rest.trim() !== "") clean(rest.trimEnd(), out);
      if (isDone) return;
      if (!cleaner.isComplete()) throw wasCut(provider);
      out.push("data: [DONE]\n\n");
    },
    isComplete: cleaner.isComplete,
    isDone: () => isDone,
  };
}

/** The data of an event; undefined for comments and other fields. */
function dataOf(event: string): string | undefined {
  const isPlain = event.startsWith("data: ") && !event.includes("\n");
  if (isPlain) return event.slice("data: ".length).trim();
  const lines = event.split("\n").filter((line) => line.startsWith("data:"));
  const data = lines.map((line) => line.slice("data:".length).trim()).join("\n");
  return data.trim() === "" ? undefined : data;
}

function parseChunk(data: string, provider: string): JsonObject {
  let chunk: JsonValue;
  try {
    chunk = JSON.parse(data);
  } catch {
    throw providerFailed(provider, "its stream holds what is no JSON");
  }
  if (isJsonObject(chunk)) return chunk;
  throw findFault(provider, chunk) ?? providerFailed(provider, "its stream holds what is no chat");
}
