import * as z from "zod";
import type { UserId } from "../core/ids.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../core/json.ts";
import type { Slips } from "../core/slips.ts";
import { createCallId, type RecordedCall } from "../llm/turn-record.ts";

/** A chat is taken up again within an hour, or goes on without what was hidden. */
const LIFE_MS = 60 * 60 * 1_000;
/** Conversations are long; only what the model still reads is looked for. */
const MAX_LOOKED_FOR = 100;

/**
 * A turn in which the model called tools of ours and of the client. Ours have run; the client has
 * been shown its own calls only, so the rest is put back when it returns with their results.
 */
export type HiddenTurn = Readonly<{
  assistant: JsonObject;
  /** `role: "tool"` messages of our calls. */
  results: readonly JsonObject[];
}>;

const message = z.custom<JsonObject>(isJsonObject);
const hiddenTurn = z.object({ assistant: message, results: z.array(message) });

/**
 * The client's calls and the message they stand in, the first of them under an id of our making.
 * Those of models need not differ between two conversations (`functions.search:0`), and the turn of
 * one must not be put into another.
 */
export function withOwnId(
  calls: readonly RecordedCall[],
  assistant: JsonObject,
): Readonly<{ calls: readonly RecordedCall[]; assistant: JsonObject }> {
  const given = calls[0]?.id;
  const id = createCallId();
  const named = (call: JsonValue): JsonValue =>
    isJsonObject(call) && call["id"] === given ? { ...call, id } : call;
  const { tool_calls: made } = assistant;
  return {
    calls: calls.map((call) => (call.id === given ? { ...call, id } : call)),
    assistant: Array.isArray(made) ? { ...assistant, tool_calls: made.map(named) } : assistant,
  };
}

/** Kept under the id of the first call the client gets: it comes back with every later request. */
export async function keepHidden(
  slips: Slips,
  userId: UserId,
  { callId, turn }: Readonly<{ callId: string; turn: HiddenTurn }>,
): Promise<void> {
  await slips.put(userId, {
    name: slipName(callId),
    text: JSON.stringify(turn),
    lifeMs: LIFE_MS,
  });
}

/** The conversation with every hidden turn that is still known put back in its place. */
export async function putBackHidden(
  slips: Slips,
  userId: UserId,
  messages: readonly JsonObject[],
): Promise<readonly JsonObject[]> {
  const ids = messages.flatMap((said) => firstCallId(said) ?? []).slice(-MAX_LOOKED_FOR);
  if (ids.length === 0) return messages;
  // A conversation goes on without what cannot be read.
  const kept = await slips.read(userId, ids.map(slipName)).catch(() => new Map<string, string>());
  if (kept.size === 0) return messages;
  return messages.flatMap((said) => {
    const id = firstCallId(said);
    const text = id === undefined ? undefined : kept.get(slipName(id));
    if (text === undefined) return [said];
    const { assistant, results } = hiddenTurn.parse(JSON.parse(text));
    // The client's own results follow in the conversation.
    return [assistant, ...results];
  });
}

function firstCallId(said: JsonObject): string | undefined {
  const { role, tool_calls: calls } = said;
  if (role !== "assistant" || !Array.isArray(calls)) return undefined;
  const [first]: readonly unknown[] = calls;
  const id = isJsonObject(first) ? first["id"] : undefined;
  return typeof id === "string" ? id : undefined;
}

function slipName(callId: string): string {
  return `turn:${callId}`;
}
