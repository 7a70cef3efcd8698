import { isJsonObject, type JsonObject, type JsonValue } from "../core/json.ts";

/**
 * The `example` of a media type with this schema, of what the schema itself gives: its own example,
 * or one value for every property that is required. Nothing is made up: a made-up value is sent.
 */
export function exampleOf(schema: JsonObject): JsonObject {
  const [whole] = valuesIn(schema, "examples");
  if (whole !== undefined) return { example: whole };
  const { properties, required } = schema;
  if (!isJsonObject(properties)) return {};
  const needed = new Set(Array.isArray(required) ? required : []);
  const shown = Object.entries(properties).flatMap(([name, property]) => {
    const value = valueOf(property, needed.has(name));
    return value === undefined ? [] : [[name, value] as const];
  });
  const names = new Set<JsonValue>(shown.map(([name]) => name));
  const isComplete = [...needed].every((name) => names.has(name));
  return isComplete && shown.length > 0 ? { example: Object.fromEntries(shown) } : {};
}

/** What is left out takes its default by itself. */
function valueOf(property: JsonValue | undefined, isRequired: boolean): JsonValue | undefined {
  if (!isJsonObject(property)) return undefined;
  const [example] = valuesIn(property, "examples");
  if (example !== undefined || !isRequired) return example;
  const { default: usual, const: only } = property;
  return usual ?? only;
}

function valuesIn(schema: JsonObject, keyword: "examples"): readonly JsonValue[] {
  const values = schema[keyword];
  return Array.isArray(values) ? values : [];
}
