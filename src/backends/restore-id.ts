import { findMember } from "../core/json-spans.ts";
import type { Answer, RequestId, RpcResponse } from "../core/json-rpc.ts";
import type { Received } from "./read-answer.ts";

/**
 * The answer under the caller's id. The backend's text stays byte for byte what it was, so that
 * big integers, key order and unknown members survive; only the one token is put in its place.
 */
export function answerFor(id: RequestId, wireId: RequestId, received: Received): Answer {
  const { text, value } = received;
  const asResponse = (): RpcResponse => ({ ...value, jsonrpc: "2.0", id });
  if (value.id !== wireId) {
    return { text: JSON.stringify(asResponse()), message: asResponse };
  }
  if (id === wireId) return { text, message: () => value };
  return { text: replaceId(text, value, { id, wireId }), message: asResponse };
}

function replaceId(
  text: string,
  value: RpcResponse,
  { id, wireId }: { id: RequestId; wireId: RequestId },
): string {
  const token = JSON.stringify(wireId);
  const first = text.indexOf(token);
  // A backend may repeat its request id inside the result: then the right one has to be looked for.
  const at =
    first === text.lastIndexOf(token)
      ? first
      : (findMember(text, text.indexOf("{"), "id")?.start ?? -1);
  if (at === -1 || !text.startsWith(token, at)) return JSON.stringify({ ...value, id });
  return text.slice(0, at) + JSON.stringify(id) + text.slice(at + token.length);
}
