import { createParser } from "eventsource-parser";
import { isJsonObject, type JsonValue } from "../core/json.ts";
import { ChunkEvents } from "./chunk-events.ts";
import { findFault, providerFailed, wasCut } from "./chunk-fault.ts";
import { createTextFrame, type TextFrame } from "./text-frame.ts";
import type { TurnEvent } from "./turn.ts";

/** Takes the text of an answer as it comes and makes events of it. */
export type TurnText = Readonly<{
  /** Throws ProviderError. */
  feed: (text: string, events: TurnEvent[]) => void;
  /** The text is over. Throws ProviderError where it cannot be. */
  end: (events: TurnEvent[]) => void;
  /** The answer is complete, whatever follows. */
  isComplete: () => boolean;
  /** Nothing that matters is missing, should the connection break now. */
  isEnough: () => boolean;
}>;

/** A picture comes in one event of a few MiB; an isolate has 128 for all its requests. */
const MAX_EVENT_CHARS = 4 * 1024 * 1024;

/** A stream whose events differ in more than their texts gains nothing by frames. */
const MAX_FRAMES = 100;
const BLANK_LINE = "\n\n";
/** A whole event with nothing but data. */
const ONE_LINE = /^data:.*\n\n$/;

/**
 * Server-sent events, each with a chunk in JSON, and `[DONE]` after the last. Texts that arrive
 * together are told together.
 */
export function readEventStream(provider: string): TurnText {
  const chunks = new ChunkEvents(provider);
  let isComplete = false;
  let isTooLarge = false;
  let isCut = false;
  let isBetweenEvents = true;
  let frame: TextFrame | undefined;
  let frames = 0;
  let into: TurnEvent[] = [];
  const parser = createParser({
    maxBufferSize: MAX_EVENT_CHARS,
    onError: (error) => {
      isTooLarge ||= error.type === "max-buffer-size-exceeded";
    },
    onEvent: ({ data, event }) => {
      if (isComplete) return;
      if (data.startsWith("{") || (data.startsWith("[") && data.trimEnd() !== "[DONE]")) read(data);
      else if (data.startsWith("[")) complete();
      // Other texts, as some send to keep a connection open, are nobody's answer.
      else if (event === "error") throw providerFailed(provider, data);
    },
  });

  function read(data: string): void {
    const said = parseJson(data);
    if (isJsonObject(said)) chunks.read(said, into);
    else if (said !== undefined) throwFault(said);
    else if (!isCut) throw providerFailed(provider, "an event of its stream is not valid JSON");
  }

  /** The text up to the end of its first event, or all there is of it; where that ends. */
  function parse(text: string, start: number): number {
    const end = text.indexOf(BLANK_LINE, start);
    const next = end < 0 ? text.length : end + BLANK_LINE.length;
    const piece = text.slice(start, next);
    const known = into.length;
    parser.feed(piece);
    if (isTooLarge) throw providerFailed(provider, "an event of its stream is too large");
    if (isBetweenEvents && ONE_LINE.test(piece) && into.length > known && frames < MAX_FRAMES) {
      frames += 1;
      frame = createTextFrame(piece, into.slice(known));
    }
    isBetweenEvents = end >= 0;
    return next;
  }

  function throwFault(said: JsonValue): void {
    const fault = findFault(provider, said);
    if (fault !== undefined) throw fault;
  }

  function complete(): void {
    isComplete = true;
    chunks.end(into);
  }

  return {
    feed(text, events) {
      into = events;
      let at = 0;
      while (at < text.length) {
        if (isComplete) return;
        const passed = isBetweenEvents ? frame?.read(text, at, events) : undefined;
        at = passed === undefined || passed === at ? parse(text, at) : passed;
      }
    },
    end(events) {
      into = events;
      isCut = true;
      parser.feed("\n\n"); // the last event may lack the line that ends it
      if (isComplete) return;
      if (!chunks.isFinished) throw wasCut(provider);
      complete();
    },
    isComplete: () => isComplete,
    isEnough: () => chunks.isFinished,
  };
}

function parseJson(data: string): JsonValue | undefined {
  try {
    return JSON.parse(data);
  } catch {
    return undefined; // the caller knows what this means at its place
  }
}
