import type { AnswerHead } from "../chat/chat-event.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../core/json.ts";
import { mapSame } from "../core/map-same.ts";
import { findFault, providerFailed } from "../llm/chunk-fault.ts";
import { parseFinish } from "../llm/chunk-finish.ts";
import { createCallRepair, type CallRepair } from "./raw-relay-calls.ts";

/**
 * All that may stand beside `choices`. Open WebUI obeys other keys that reach it: `event` runs
 * JavaScript in the user's browser, `output`, `sources` and `selected_model_id` forge its answer.
 */
const PASSED: ReadonlySet<string> = new Set([
  "id",
  "object",
  "created",
  "model",
  "choices",
  "usage",
  "system_fingerprint",
  "service_tier",
]);

/** Whose answer is relayed. */
export type RelayedFrom = Readonly<{
  provider: string;
  /** Stands in for what the provider leaves out. */
  head: AnswerHead;
  /** Told what the provider has counted, as often as it says so. */
  onUsage?: (usage: JsonObject) => void;
}>;

/** Brings the chunks of one stream, one after the other, into what clients can read. */
export type ChunkCleaner = Readonly<{
  /**
   * The chunk itself where nothing had to be done; undefined where nothing of it is for clients.
   * Throws ProviderError for a chunk that tells of a failure.
   */
  clean: (chunk: JsonObject) => JsonObject | undefined;
  /** What is missing at the end of a stream that says it is complete. */
  ends: () => readonly JsonObject[];
  /** Every choice that began has its end. */
  isComplete: () => boolean;
}>;

type Choice = { hasEnd: boolean; readonly calls: CallRepair };

export function createChunkCleaner({ provider, head, onUsage }: RelayedFrom): ChunkCleaner {
  const known = new Map<number, Choice>();

  function cleanChoice(choice: JsonValue, position: number): JsonValue {
    if (!isJsonObject(choice)) return choice;
    const index = typeof choice["index"] === "number" ? choice["index"] : position;
    const before = known.get(index);
    const state = before ?? { hasEnd: false, calls: createCallRepair() };
    known.set(index, state);
    const delta = cleanDelta(choice["delta"], { isFirst: before === undefined, ...state });
    const finish = cleanFinish(choice["finish_reason"], state.calls);
    if (finish === "failure") throw providerFailed(provider, undefined);
    if (typeof finish === "string") state.hasEnd = true;
    const isSame =
      index === choice["index"] && delta === choice["delta"] && finish === choice["finish_reason"];
    return isSame ? choice : { ...choice, index, delta, finish_reason: finish ?? null };
  }

  return {
    clean(chunk) {
      const fault = findFault(provider, chunk);
      if (fault !== undefined) throw fault;
      const choices = mapSame(choicesOf(chunk), cleanChoice);
      const { usage } = chunk;
      if (isJsonObject(usage)) onUsage?.(usage);
      if (choices.length === 0 && !isJsonObject(usage)) return undefined;
      const isSame = choices === chunk["choices"] && hasHead(chunk) && hasNothingElse(chunk);
      return isSame ? chunk : rebuild(chunk, choices, head);
    },
    ends() {
      if (known.size === 0) return [endChunk(head, 0, "stop", { role: "assistant", content: "" })];
      return [...known]
        .filter(([, { hasEnd }]) => !hasEnd)
        .map(([index, { calls }]) => endChunk(head, index, cleanFinish("stop", calls), {}));
    },
    isComplete: () => known.size > 0 && [...known.values()].every(({ hasEnd }) => hasEnd),
  };
}

/** Workers AI has a dialect of its own, without choices. */
function choicesOf(chunk: JsonObject): readonly JsonValue[] {
  const { choices, response, tool_calls } = chunk;
  if (Array.isArray(choices)) {
    return choices.every(isJsonObject) ? choices : choices.filter(isJsonObject);
  }
  const content = typeof response === "number" ? String(response) : response;
  if (typeof content !== "string" && !Array.isArray(tool_calls)) return [];
  return [
    {
      index: 0,
      delta: {
        ...(typeof content === "string" ? { content } : {}),
        ...(Array.isArray(tool_calls) && tool_calls.length > 0 ? { tool_calls } : {}),
      },
      finish_reason: null,
    },
  ];
}

function cleanDelta(
  value: JsonValue | undefined,
  { isFirst, calls }: Readonly<{ isFirst: boolean; calls: CallRepair }>,
): JsonObject {
  const given = isJsonObject(value) ? value : {};
  // Strict readers refuse an answer that nobody gives.
  const delta =
    isFirst && typeof given["role"] !== "string" ? { ...given, role: "assistant" } : given;
  const pieces = delta["tool_calls"];
  if (!Array.isArray(pieces)) return delta;
  const repaired = calls.repair(pieces);
  return repaired === pieces ? delta : { ...delta, tool_calls: repaired };
}

/** OpenAI's words in lower case; a turn that ends with calls says so. */
function cleanFinish(reason: JsonValue | undefined, calls: CallRepair): string | null | undefined {
  if (reason === undefined || reason === null) return reason;
  if (typeof reason !== "string" || reason === "") return null;
  // The end of a client's own function of the older kind.
  if (reason === "function_call") return reason;
  const finish = parseFinish(reason);
  return finish === "stop" && calls.hasCalls() ? "tool_calls" : finish;
}

function hasHead({ id, object, created, model }: JsonObject): boolean {
  return (
    typeof id === "string" &&
    id !== "" &&
    object === "chat.completion.chunk" &&
    typeof created === "number" &&
    typeof model === "string"
  );
}

function hasNothingElse(chunk: JsonObject): boolean {
  const { usage } = chunk;
  const isUsage = usage === undefined || usage === null || isJsonObject(usage);
  return isUsage && Object.keys(chunk).every((key) => PASSED.has(key));
}

function rebuild(chunk: JsonObject, choices: readonly JsonValue[], head: AnswerHead): JsonObject {
  const { id, created, model, usage, system_fingerprint, service_tier } = chunk;
  return {
    id: typeof id === "string" && id !== "" ? id : head.id,
    object: "chat.completion.chunk",
    created: typeof created === "number" ? created : head.created,
    model: typeof model === "string" ? model : head.model,
    ...(typeof system_fingerprint === "string" ? { system_fingerprint } : {}),
    ...(typeof service_tier === "string" ? { service_tier } : {}),
    choices,
    ...(isJsonObject(usage) || usage === null ? { usage } : {}),
  };
}

function endChunk(
  head: AnswerHead,
  index: number,
  finish: string | null | undefined,
  delta: JsonObject,
): JsonObject {
  const choice = { index, delta, logprobs: null, finish_reason: finish ?? "stop" };
  return rebuild({}, [choice], head);
}
