import { isJsonObject, type JsonObject } from "../core/json.ts";
import type { RequestId } from "../core/json-rpc.ts";

/** One JSON-RPC message as far as somebody has to know it who passes it on. */
export type RpcPart =
  | Readonly<{ kind: "request"; id: RequestId; method: string; params: JsonObject }>
  | Readonly<{ kind: "notification"; method: string; params: JsonObject }>
  /** `id` is null where the asked could not read the question. */
  | Readonly<{ kind: "answer"; id: RequestId | null; message: JsonObject }>
  /** Not ours to judge: the other side says what is wrong with it. */
  | Readonly<{ kind: "unclear" }>;

export type RpcText = Readonly<{
  /** As it came, on one line. */
  text: string;
  isBatch: boolean;
  parts: readonly RpcPart[];
}>;

const UNCLEAR: RpcPart = { kind: "unclear" };
const NOTHING: JsonObject = {};

/** Undefined for what is no JSON. */
export function readRpc(text: string): RpcText | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return undefined;
  }
  const isBatch = Array.isArray(parsed);
  const messages: readonly unknown[] = Array.isArray(parsed) ? parsed : [parsed];
  return { text: onOneLine(text), isBatch, parts: messages.map(partOf) };
}

function partOf(message: unknown): RpcPart {
  if (!isJsonObject(message) || message["jsonrpc"] !== "2.0") return UNCLEAR;
  const { id, method, params } = message;
  if (typeof method === "string") {
    const known = isJsonObject(params) ? params : NOTHING;
    if (isId(id)) return { kind: "request", id, method, params: known };
    return id === undefined ? { kind: "notification", method, params: known } : UNCLEAR;
  }
  if (!("result" in message) && !("error" in message)) return UNCLEAR;
  return { kind: "answer", id: isId(id) ? id : null, message };
}

export function isId(id: unknown): id is RequestId {
  return typeof id === "string" || typeof id === "number";
}

/** A line break in JSON is space between its tokens: those in strings are written as escapes. */
function onOneLine(text: string): string {
  return /[\n\r]/.test(text) ? text.replaceAll(/[\n\r]+/g, " ") : text;
}
