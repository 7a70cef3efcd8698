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
  const at = first === text.lastIndexOf(token) ? first : findMember(text, "id");
  if (at === -1 || !text.startsWith(token, at)) return JSON.stringify({ ...value, id });
  return text.slice(0, at) + JSON.stringify(id) + text.slice(at + token.length);
}

/** Where the value of a member of the outermost object begins in a valid JSON text, or -1. */
function findMember(text: string, name: string): number {
  const key = JSON.stringify(name);
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (character === "{" || character === "[") depth += 1;
    else if (character === "}" || character === "]") depth -= 1;
    else if (character === '"') {
      const end = endOfString(text, at);
      if (depth === 1 && text.slice(at, end) === key) {
        const colon = /^\s*:\s*/.exec(text.slice(end, end + 64));
        if (colon !== null) return end + colon[0].length;
      }
      at = end - 1;
    }
  }
  return -1;
}

function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  return at + 1;
}
