import { isJsonObject, type JsonObject, type JsonValue } from "../core/json.ts";
import { mapSame } from "../core/map-same.ts";
import { fittingId } from "./call-id.ts";
import type { ProfileFacts } from "./profile-facts.ts";

/** Said where a provider refuses to hear nothing. */
const NOTHING_SAID = "(nothing)";
/** Says nothing, and stands between a tool's message and a person's. */
const BRIDGE: JsonObject = { role: "assistant", content: "…" };

/**
 * The messages of a chat as this provider takes them. What fits stays the same object: a long chat
 * is sent again with each turn.
 */
export function shapeMessages(messages: JsonValue | undefined, facts: ProfileFacts): JsonValue {
  if (!Array.isArray(messages)) return messages ?? [];
  const shaped = mapSame(messages as readonly JsonValue[], (message) =>
    isJsonObject(message) ? shapeMessage(message, facts) : message,
  );
  return facts.speaksAfterTools === true ? inMistralsOrder(shaped) : shaped;
}

function shapeMessage(message: JsonObject, facts: ProfileFacts): JsonObject {
  const change: Record<string, JsonValue | undefined> = {};
  const { role, content, tool_calls: calls, tool_call_id: answered } = message;
  if (role === "developer" && facts.developerRole !== true) change["role"] = "system";
  const shapedContent = shapeContent(message, facts);
  if (shapedContent !== content) change["content"] = shapedContent;
  if (Array.isArray(calls)) {
    const shapedCalls = mapSame(calls as readonly JsonValue[], (call) =>
      isJsonObject(call) ? shapeCall(call, facts) : call,
    );
    // An empty list is refused by most.
    if (calls.length === 0) change["tool_calls"] = undefined;
    else if (shapedCalls !== calls) change["tool_calls"] = shapedCalls;
  }
  if (typeof answered === "string" && facts.callIds !== undefined) {
    const id = fittingId(answered, facts.callIds);
    if (id !== answered) change["tool_call_id"] = id;
  }
  for (const field of Object.keys(message)) {
    if (facts.messageFields?.has(field) === false) change[field] = undefined;
  }
  return Object.keys(change).length === 0 ? message : { ...message, ...change };
}

function shapeContent(
  { role, content, tool_calls: calls }: JsonObject,
  facts: ProfileFacts,
): JsonValue | undefined {
  const isTool = role === "tool" || role === "function";
  // What a tool says in parts is text everywhere but at OpenAI.
  const plain = facts.plainText === true || (isTool && facts.developerRole !== true);
  const text = plain && Array.isArray(content) ? joinTexts(content) : content;
  if (facts.fullContent !== true) return text;
  if (text === null || text === undefined) return role === "assistant" ? "" : NOTHING_SAID;
  const mayBeEmpty = isTool || (role === "assistant" && Array.isArray(calls));
  return text === "" && !mayBeEmpty ? NOTHING_SAID : text;
}

/** The parts themselves where one is no text. */
function joinTexts(parts: readonly JsonValue[]): JsonValue {
  const texts = parts.map((part) => (isJsonObject(part) ? part["text"] : part));
  return texts.every((text) => typeof text === "string") ? texts.join("\n") : parts;
}

const CALL_FIELDS: ReadonlySet<string> = new Set(["id", "type", "function", "custom"]);

function shapeCall(call: JsonObject, facts: ProfileFacts): JsonObject {
  const change: Record<string, JsonValue | undefined> = {};
  const { id, function: own } = call;
  if (typeof id === "string" && facts.callIds !== undefined) {
    const fitting = fittingId(id, facts.callIds);
    if (fitting !== id) change["id"] = fitting;
  }
  if (isJsonObject(own)) {
    const text = argumentText(own["arguments"], facts.parsesArguments === true);
    if (text !== own["arguments"]) change["function"] = { ...own, arguments: text };
  }
  if (facts.callExtras !== true) {
    for (const field of Object.keys(call)) if (!CALL_FIELDS.has(field)) change[field] = undefined;
  }
  return Object.keys(change).length === 0 ? call : { ...call, ...change };
}

/** A call that was no JSON has been answered as such: what it said is of no more use. */
function argumentText(given: JsonValue | undefined, parses: boolean): string {
  if (typeof given !== "string") return JSON.stringify(given ?? {});
  return !parses || isJsonText(given) ? given : "{}";
}

function isJsonText(text: string): boolean {
  try {
    return isJsonObject(JSON.parse(text));
  } catch {
    return false;
  }
}

/**
 * Mistral wants its model to speak between a tool and a person, its instructions never right after a
 * tool, and an answer that the client has begun to be marked as one.
 */
function inMistralsOrder(messages: readonly JsonValue[]): readonly JsonValue[] {
  const late = messages.filter(
    (message, place) => roleOf(message) === "system" && roleOf(messages[place - 1]) === "tool",
  );
  const spoken = messages.filter((message) => !late.includes(message));
  const ordered = spoken.flatMap((message, place) =>
    roleOf(message) === "user" && roleOf(spoken[place - 1]) === "tool"
      ? [BRIDGE, message]
      : [message],
  );
  const last = ordered.at(-1);
  const ended =
    isJsonObject(last) && last["role"] === "assistant"
      ? [...ordered.slice(0, -1), { ...last, prefix: true }]
      : ordered;
  const begins = ended.findIndex((message) => roleOf(message) !== "system");
  return late.length === 0 ? ended : ended.toSpliced(Math.max(begins, 0), 0, ...late);
}

function roleOf(message: JsonValue | undefined): JsonValue | undefined {
  return isJsonObject(message) ? message["role"] : undefined;
}
