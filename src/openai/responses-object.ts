import { isJsonObject, type JsonObject, type JsonValue } from "../core/json.ts";

/** What all states of one response have in common. */
export type ResponseHead = Readonly<{ id: string; createdAt: number; model: string }>;

/** What the client sent is told back while it is small: it is in three events of every stream. */
const MAX_ECHO = 8 * 1_024;

export function openResponse(model: string, now: number): ResponseHead {
  return {
    id: `resp_${crypto.randomUUID().replaceAll("-", "")}`,
    createdAt: Math.floor(now / 1_000),
    model,
  };
}

/** The members of a response that its request decides. */
export function responseBase(head: ResponseHead, request: JsonObject): JsonObject {
  const { reasoning, text, tools, instructions } = request;
  const thought = isJsonObject(reasoning) ? reasoning : {};
  const shown = isJsonObject(text) ? text : {};
  return {
    id: head.id,
    object: "response",
    created_at: head.createdAt,
    model: head.model,
    background: false,
    instructions: small(instructions) ?? null,
    max_output_tokens: request["max_output_tokens"] ?? null,
    max_tool_calls: request["max_tool_calls"] ?? null,
    metadata: small(request["metadata"]) ?? {},
    parallel_tool_calls: request["parallel_tool_calls"] ?? true,
    previous_response_id: null,
    reasoning: { effort: thought["effort"] ?? null, summary: thought["summary"] ?? null },
    // Whatever was asked for: nothing is kept.
    store: false,
    temperature: request["temperature"] ?? null,
    text: { ...shown, format: small(shown["format"]) ?? { type: "text" } },
    tool_choice: request["tool_choice"] ?? "auto",
    tools: Array.isArray(tools) ? (small(tools.map(withoutSecrets)) ?? []) : [],
    top_p: request["top_p"] ?? null,
    truncation: "disabled",
  };
}

/** A chat's usage in the words of the Responses API; null where no provider told any. */
export function responseUsage(usage: JsonObject | undefined): JsonObject | null {
  if (usage === undefined) return null;
  const { prompt_tokens_details: read, completion_tokens_details: written } = usage;
  const input = numberOr(usage["prompt_tokens"]);
  const output = numberOr(usage["completion_tokens"]);
  return {
    input_tokens: input,
    input_tokens_details: {
      cached_tokens: numberOr(isJsonObject(read) ? read["cached_tokens"] : 0),
      cache_write_tokens: numberOr(isJsonObject(read) ? read["cache_write_tokens"] : 0),
    },
    output_tokens: output,
    output_tokens_details: {
      reasoning_tokens: numberOr(isJsonObject(written) ? written["reasoning_tokens"] : 0),
    },
    total_tokens: numberOr(usage["total_tokens"], input + output),
  };
}

/** Credentials for a server are never told back. */
function withoutSecrets(tool: JsonValue): JsonValue {
  if (!isJsonObject(tool) || tool["type"] !== "mcp") return tool;
  const { authorization: _, headers: __, ...rest } = tool;
  return rest;
}

function small(value: JsonValue | undefined): JsonValue | undefined {
  return value !== undefined && JSON.stringify(value).length <= MAX_ECHO ? value : undefined;
}

function numberOr(value: JsonValue | undefined, other = 0): number {
  return typeof value === "number" ? value : other;
}
