import type { Era } from "../core/era.ts";
import { isJsonObject, type JsonObject } from "../core/json.ts";
import { RPC_CODES, type Answer } from "../core/json-rpc.ts";

/**
 * Codes of older revisions that a modern client must not see (MCP 2026-07-28, basic): "resource not
 * found" became invalid params; the rest are between the backend and us.
 */
const OLD_RESOURCE_NOT_FOUND = -32002;
const NOT_FOR_CLIENTS: ReadonlySet<number> = new Set([
  -32042,
  RPC_CODES.headerMismatch,
  RPC_CODES.missingCapability,
  RPC_CODES.unsupportedVersion,
]);

/**
 * A backend's answer for a caller of the given era. Where members are missing they are written into
 * the text, so that everything the backend said keeps its form, big numbers included.
 */
export function toEra(answer: Answer, era: Era, extra: string): string {
  if (era === "legacy") return answer.text;
  const message = answer.message();
  if ("error" in message) {
    const code = modernCode(message.error.code);
    if (code === message.error.code) return answer.text;
    return JSON.stringify({ ...message, error: { ...message.error, code } });
  }
  return insertMembers(answer.text, missingMembers(message.result, extra));
}

function modernCode(code: number): number {
  if (code === OLD_RESOURCE_NOT_FOUND) return RPC_CODES.invalidParams;
  return NOT_FOR_CLIENTS.has(code) ? RPC_CODES.internalError : code;
}

function missingMembers(result: JsonObject, extra: string): string {
  const resultType = result["resultType"] === undefined ? '"resultType":"complete",' : "";
  return resultType + (extra !== "" && result["ttlMs"] === undefined ? extra : "");
}

/**
 * Writes members at the head of the result. The first `"result":{` is the response's own: before it
 * stand only `jsonrpc` and `id`, in whose strings quotes are escaped.
 */
function insertMembers(text: string, members: string): string {
  if (members === "") return text;
  return text.replace(/("result"\s*:\s*\{)(\s*\}?)/, (_, head: string, tail: string) =>
    tail.trimEnd().endsWith("}") ? `${head}${members.slice(0, -1)}${tail}` : head + members + tail,
  );
}

/** A result object of our own for a caller of the given era. */
export function ownResult(result: JsonObject, era: Era): JsonObject {
  if (era === "legacy" || !isJsonObject(result)) return result;
  return { resultType: "complete", ...result };
}
