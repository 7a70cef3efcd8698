import { isJsonObject, type JsonObject } from "../core/json.ts";
import type { RequestId } from "../core/json-rpc.ts";

/** What the connector has to know of a message that only passes through. */
export type Peeked =
  | Readonly<{ kind: "request"; id: RequestId; method: string }>
  | Readonly<{ kind: "answer"; id: RequestId }>
  | Readonly<{ kind: "cancelled"; id: RequestId }>
  | Readonly<{ kind: "notification" }>;

/** Each message of a text; undefined when it is no JSON-RPC. */
export function peek(text: string): readonly Peeked[] | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return undefined; // programs print all sorts of things
  }
  const messages: readonly unknown[] = Array.isArray(parsed) ? parsed : [parsed];
  const peeked = messages.map((message) => (isJsonObject(message) ? peekOne(message) : undefined));
  const known = peeked.filter((one) => one !== undefined);
  return known.length === peeked.length && known.length > 0 ? known : undefined;
}

function peekOne(message: JsonObject): Peeked | undefined {
  const { jsonrpc, id, method, params } = message;
  if (jsonrpc !== "2.0") return undefined;
  if (typeof method !== "string") {
    const isAnswer = "result" in message || "error" in message;
    if (!isAnswer) return undefined;
    // An error about a message that could not be read has no id, and nobody waits for it.
    return isId(id) ? { kind: "answer", id } : { kind: "notification" };
  }
  if (isId(id)) return { kind: "request", id, method };
  const cancelled = method === "notifications/cancelled" && isJsonObject(params);
  if (cancelled && isId(params["requestId"])) return { kind: "cancelled", id: params["requestId"] };
  return { kind: "notification" };
}

/**
 * Whose answer a line is that is too long to be read: its id stands before everything else, or
 * after it.
 */
export function answeredBy(head: string, tail: string): RequestId | undefined {
  const found =
    /^\s*\{\s*"jsonrpc"\s*:\s*"2\.0"\s*,\s*"id"\s*:\s*("[^"\\]{1,200}"|\d{1,15})\s*,\s*"(?:result|error)"/.exec(
      head,
    ) ?? /"id"\s*:\s*("[^"\\]{1,200}"|\d{1,15})\s*\}\s*$/.exec(tail);
  if (found?.[1] === undefined) return undefined;
  const id: unknown = JSON.parse(found[1]);
  return isId(id) ? id : undefined;
}

export function errorAnswer(id: RequestId, message: string): string {
  return JSON.stringify({ jsonrpc: "2.0", id, error: { code: -32000, message } });
}

function isId(id: unknown): id is RequestId {
  return typeof id === "string" || typeof id === "number";
}
