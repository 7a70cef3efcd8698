import type { JsonObject } from "../core/json.ts";

/** A schema that a reference led to, and what stood beside the reference: both hold. */
export function joinSchemas(schema: JsonObject, beside: JsonObject): JsonObject {
  const keys = Object.keys(beside);
  if (keys.length === 0) return schema;
  const isPlain = keys.every(
    (key) => isAnnotation(key) || (!INTERPLAYING.has(key) && !Object.hasOwn(schema, key)),
  );
  if (isPlain) return { ...schema, ...beside };
  const { allOf, ...rest } = beside;
  const { type } = schema;
  return {
    // A reader that looks for the type looks no deeper.
    ...(type === undefined ? {} : { type }),
    ...rest,
    allOf: [schema, ...(Array.isArray(allOf) ? allOf : [])],
  };
}

/** What these mean depends on what stands beside them. */
const INTERPLAYING: ReadonlySet<string> = new Set([
  "properties",
  "patternProperties",
  "additionalProperties",
  "unevaluatedProperties",
  "unevaluatedItems",
  "items",
  "prefixItems",
  "contains",
  "if",
  "then",
  "else",
]);

/** Said last of something, these are right; none of them decides what is valid. */
const ANNOTATIONS: ReadonlySet<string> = new Set([
  "title",
  "description",
  "default",
  "examples",
  "deprecated",
  "readOnly",
  "writeOnly",
  "$comment",
]);

function isAnnotation(key: string): boolean {
  return ANNOTATIONS.has(key) || key.startsWith("x-");
}
