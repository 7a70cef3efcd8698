import type { JsonObject } from "./json.ts";

/** Which param `Mcp-Name` repeats (SEP-2243, and SEP-2663 for tasks). */
const NAME_KEYS: ReadonlyMap<string, string> = new Map([
  ["tools/call", "name"],
  ["prompts/get", "name"],
  ["resources/read", "uri"],
  ["tasks/get", "taskId"],
  ["tasks/update", "taskId"],
  ["tasks/cancel", "taskId"],
]);

/** What the header `Mcp-Name` of a modern request says; undefined where it has none. */
export function nameForHeader(method: string, params: JsonObject | undefined): string | undefined {
  const key = NAME_KEYS.get(method);
  const name = key === undefined ? undefined : params?.[key];
  return typeof name === "string" ? name : undefined;
}
