import { isJsonObject, type JsonObject, type JsonValue } from "../core/json.ts";
import { findFault, providerFailed } from "../llm/chunk-fault.ts";
import { createChunkCleaner, type RelayedFrom } from "./raw-relay-chunk.ts";

/**
 * A provider's whole answer as one chunk that says everything, cleaned as chunks are. Throws
 * ProviderError for an answer that tells of a failure, or is none.
 */
export function asOneChunk(text: string, from: RelayedFrom): JsonObject {
  let answer: JsonValue;
  try {
    answer = JSON.parse(text);
  } catch {
    throw providerFailed(from.provider, "its answer is no JSON");
  }
  if (!isJsonObject(answer)) {
    throw (
      findFault(from.provider, answer) ?? providerFailed(from.provider, "its answer is no chat")
    );
  }
  const { choices } = answer;
  const cleaner = createChunkCleaner(from);
  const chunk = cleaner.clean({
    ...answer,
    ...(Array.isArray(choices) ? { choices: choices.map(withDelta) } : {}),
  });
  if (chunk === undefined) throw providerFailed(from.provider, "its answer is empty");
  return chunk;
}

/** The other way round. */
export function asWhole(chunk: JsonObject): JsonObject {
  const { choices } = chunk;
  const given = Array.isArray(choices) ? choices.filter(isJsonObject) : [];
  return {
    ...chunk,
    object: "chat.completion",
    choices: given.map(({ delta, logprobs, finish_reason, ...rest }) => ({
      ...rest,
      message: asMessage(isJsonObject(delta) ? delta : {}),
      logprobs: logprobs ?? null,
      finish_reason: finish_reason ?? "stop",
    })),
  };
}

function withDelta(choice: JsonValue): JsonValue {
  if (!isJsonObject(choice)) return choice;
  const { message, ...rest } = choice;
  return { ...rest, finish_reason: rest["finish_reason"] ?? "stop", delta: message ?? {} };
}

function asMessage({ tool_calls, ...delta }: JsonObject): JsonObject {
  const calls = Array.isArray(tool_calls) ? tool_calls.filter(isJsonObject) : [];
  return {
    ...delta,
    role: "assistant",
    content: delta["content"] ?? null,
    refusal: delta["refusal"] ?? null,
    ...(calls.length === 0 ? {} : { tool_calls: calls.map(withoutIndex) }),
  };
}

/** Only pieces of a stream are counted. */
function withoutIndex({ index: _index, ...call }: JsonObject): JsonObject {
  return call;
}
