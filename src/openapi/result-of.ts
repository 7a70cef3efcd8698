import type { JsonObject } from "../core/json.ts";
import type { Answer } from "../core/json-rpc.ts";

/** What a modern backend adds for MCP clients (2026-07-28, basic). */
const ENVELOPE: ReadonlySet<string> = new Set(["resultType", "ttlMs", "cacheScope"]);

/** The result of an answer that has one, without what only MCP clients read. */
export function resultOf(answer: Answer): JsonObject {
  const message = answer.message();
  if ("error" in message) throw new TypeError("an error is no result");
  return Object.fromEntries(Object.entries(message.result).filter(([name]) => !ENVELOPE.has(name)));
}
