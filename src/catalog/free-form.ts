import { isJsonObject, type JsonObject } from "../core/json.ts";

/** Where the arguments of a free-form tool may stand in a REST body, and stand in its document. */
export const CATCH_ALL = "arguments";

/** Any of these may declare arguments, or say something of them that is more than "any". */
const DECLARING = [
  "$ref",
  "$dynamicRef",
  "$recursiveRef",
  "allOf",
  "anyOf",
  "oneOf",
  "if",
  "dependentSchemas",
];

/**
 * Whether a tool takes arguments and names none: its schema says in so many words that keys of any
 * name may be sent. `{"type": "object"}` alone is how many servers write "no arguments".
 *
 * Clients that know named arguments only (Open WebUI among them) would see a tool without any, so
 * documents give them one to put all of it in, and a body that has nothing but that key is unpacked.
 */
export function isFreeForm(inputSchema: JsonObject): boolean {
  const { properties, required, additionalProperties, patternProperties } = inputSchema;
  if (DECLARING.some((keyword) => inputSchema[keyword] !== undefined)) return false;
  if (hasKeys(properties) || (Array.isArray(required) && required.length > 0)) return false;
  if (hasKeys(patternProperties)) return true;
  return additionalProperties === true || isJsonObject(additionalProperties);
}

function hasKeys(value: unknown): boolean {
  return isJsonObject(value) && Object.keys(value).length > 0;
}
