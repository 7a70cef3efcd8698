import type { Answering } from "../chat/answering.ts";
import type { AnswerHead, FinishEvent, ToolCall } from "../chat/chat-event.ts";
import type { JsonObject, JsonValue } from "../core/json.ts";
import { asWireCall } from "../llm/turn-record.ts";
import type { DeltaEvent } from "../llm/turn.ts";
import type { ToldStyle } from "./progress-style.ts";
import { createProgressTeller } from "./progress-teller.ts";

/** The whole answer as one `chat.completion`. */
export async function asCompletion(
  answering: Answering,
  { head, progress }: Readonly<{ head: AnswerHead; progress: ToldStyle }>,
): Promise<JsonObject> {
  const teller = createProgressTeller(progress);
  const message = new Map<string, JsonValue>();
  let logprobs: JsonValue = null;
  let calls: readonly ToolCall[] = [];
  let finish: FinishEvent | undefined;
  const add = ({ delta, logprobs: more }: DeltaEvent): void => {
    for (const [key, value] of Object.entries(delta)) join(message, key, value);
    if (more !== undefined) logprobs = joinLogprobs(logprobs, more);
  };
  await answering.run((events) => {
    for (const event of events) {
      for (const told of teller.tell(event)) if (told.kind === "delta") add(told);
      if (event.kind === "delta") add(event);
      if (event.kind === "client_calls") calls = event.calls;
      if (event.kind === "finish") finish = event;
    }
  });
  const content = message.get("content") ?? null;
  return {
    id: head.id,
    object: "chat.completion",
    created: head.created,
    model: head.model,
    choices: [
      {
        index: 0,
        message: {
          ...Object.fromEntries(message),
          role: "assistant",
          content: content === "" && calls.length > 0 ? null : content,
          refusal: message.get("refusal") ?? null,
          ...(calls.length === 0 ? {} : { tool_calls: calls.map(asWireCall) }),
        },
        logprobs,
        finish_reason: finish?.reason ?? "stop",
      },
    ],
    ...(finish?.usage === undefined ? {} : { usage: finish.usage }),
  };
}

/** Texts and lists of deltas add up; anything else is replaced. */
function join(message: Map<string, JsonValue>, key: string, value: JsonValue | undefined): void {
  if (value === undefined || value === null) return;
  const before = message.get(key);
  if (typeof before === "string" && typeof value === "string") message.set(key, before + value);
  else if (Array.isArray(before) && Array.isArray(value)) message.set(key, [...before, ...value]);
  else message.set(key, value);
}

function joinLogprobs(before: JsonValue, more: JsonValue): JsonValue {
  if (!isObject(before) || !isObject(more)) return more;
  const joined: Record<string, JsonValue | undefined> = { ...before };
  for (const [key, value] of Object.entries(more)) {
    const known = joined[key];
    joined[key] = Array.isArray(known) && Array.isArray(value) ? [...known, ...value] : value;
  }
  return joined;
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
