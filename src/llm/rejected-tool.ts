import { isJsonObject, type JsonObject } from "../core/json.ts";
import type { RejectedTool } from "./provider-error.ts";
import type { ProviderWords } from "./provider-words.ts";

/** Gemini counts within one list of declarations, the others within `tools`; both as we sent them. */
const PLACES: readonly RegExp[] = [
  /function_declarations\[(\d{1,4})\]/,
  /\btools\[(\d{1,4})\]/,
  /\btools\.(\d{1,4})\b/,
];
const NAMED = /\b(?:function|tool)s? (?:name )?['"`]([A-Za-z_][\w.:-]{0,127})['"`]/gi;

/** The tool a refusal is about, among those that were sent. A name is only believed when it is one. */
export function findRejectedTool(
  { message = "", param = "" }: Pick<ProviderWords, "message" | "param">,
  tools: readonly JsonObject[],
): RejectedTool | undefined {
  const names = tools.map(nameOf);
  for (const text of [param, message]) {
    for (const place of PLACES) {
      const index = Number(place.exec(text)?.[1] ?? -1);
      const name = names[index];
      if (name !== undefined) return { name };
      if (index >= 0 && index < tools.length) return { index };
    }
  }
  for (const [, name = ""] of message.matchAll(NAMED)) {
    if (names.includes(name)) return { name };
  }
  return undefined;
}

function nameOf({ function: own, name }: JsonObject): string | undefined {
  const named = isJsonObject(own) ? own["name"] : name;
  return typeof named === "string" ? named : undefined;
}
