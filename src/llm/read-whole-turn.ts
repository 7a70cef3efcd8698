import { isJsonObject, type JsonValue } from "../core/json.ts";
import { ChunkEvents } from "./chunk-events.ts";
import { findFault, providerFailed } from "./chunk-fault.ts";
import type { TurnText } from "./read-event-stream.ts";

/** As much as one turn may say, with what JSON adds to it. */
const MAX_CHARS = 16 * 1024 * 1024;

/** An answer in one JSON object, as it is when no stream was asked for or none is to be had. */
export function readWholeTurn(provider: string): TurnText {
  const pieces: string[] = [];
  let length = 0;

  return {
    feed(text) {
      pieces.push(text);
      length += text.length;
      if (length > MAX_CHARS) throw providerFailed(provider, "its answer is too large");
    },
    end(events) {
      const said = parse(pieces.join(""));
      const fault = findFault(provider, said);
      if (fault !== undefined) throw fault;
      if (!isJsonObject(said)) throw providerFailed(provider, "its answer is not an object");
      const chunks = new ChunkEvents(provider);
      const { result } = said; // Cloudflare's REST API wraps what its models say
      chunks.read(isJsonObject(result) ? result : said, events);
      if (events.length === 0) throw providerFailed(provider, "its answer has no choices");
      chunks.end(events);
    },
    isComplete: () => false,
    isEnough: () => false,
  };

  function parse(text: string): JsonValue {
    try {
      return JSON.parse(text);
    } catch {
      throw providerFailed(provider, "its answer is not valid JSON");
    }
  }
}
