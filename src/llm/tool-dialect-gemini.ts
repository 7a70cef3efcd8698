import { isJsonObject, type JsonObject, type JsonValue } from "../core/json.ts";

/** What Gemini's `Schema` has for each type; it refuses the request for any other field. */
const KEPT: ReadonlyMap<JsonValue | undefined, readonly string[]> = new Map([
  ["string", ["minLength", "maxLength"]],
  ["number", ["minimum", "maximum"]],
  ["integer", ["minimum", "maximum"]],
  ["boolean", []],
  ["array", ["minItems", "maxItems"]],
  ["object", ["minProperties", "maxProperties"]],
]);
const FORMATS: ReadonlyMap<JsonValue | undefined, readonly JsonValue[]> = new Map([
  ["string", ["date-time"]],
  ["number", ["float", "double"]],
  ["integer", ["int32", "int64"]],
]);
/** A longer list says less than it costs. */
const MAX_TOLD = 50;

/**
 * A schema of the conservative dialect in Gemini's, field by field:
 *
 * - alternatives stand alone, what was beside them goes into each
 * - only strings have an `enum`, and no empty member; any other is told in the description
 * - bounds that exclude become bounds that include
 * - what has no type is a string, and a property that is not declared is not required
 */
export function geminiSchema(schema: JsonObject): JsonObject {
  const { anyOf: branches, type: given } = schema;
  if (Array.isArray(branches) && given === undefined) return alternatives(schema, branches);
  const type = typeOf(schema);
  const { format } = schema;
  return {
    type,
    ...described(schema, type),
    ...(schema["nullable"] === true || given === "null" ? { nullable: true } : {}),
    ...(FORMATS.get(type)?.includes(format ?? null) === true ? { format } : {}),
    ...enumOf(schema["enum"], type),
    ...(type === "array" ? { items: geminiSchema(objectOf(schema["items"])) } : {}),
    ...(type === "object" ? propertiesOf(schema) : {}),
    ...(type === "integer" || type === "number" ? bounds(schema, type) : {}),
    ...Object.fromEntries(
      (KEPT.get(type) ?? [])
        .filter((key) => typeof schema[key] === "number")
        .map((key) => [key, schema[key]]),
    ),
  };
}

function alternatives(schema: JsonObject, branches: readonly JsonValue[]): JsonObject {
  const { description, nullable } = schema;
  const [only, ...others] = branches.filter(isJsonObject).map((branch) =>
    geminiSchema({
      ...branch,
      ...(typeof branch["description"] === "string" || description === undefined
        ? {}
        : { description }),
      ...(nullable === true ? { nullable } : {}),
    }),
  );
  if (only === undefined) return geminiSchema({ ...schema, anyOf: undefined });
  return others.length === 0 ? only : { anyOf: [only, ...others] };
}

function typeOf({ type, properties, items, enum: values }: JsonObject): string {
  if (typeof type === "string" && KEPT.has(type)) return type;
  if (properties !== undefined) return "object";
  if (items !== undefined) return "array";
  const [first] = Array.isArray(values) ? values : [];
  if (typeof first === "number" || typeof first === "boolean") return typeof first;
  return "string";
}

function described(schema: JsonObject, type: string): JsonObject {
  const { description, enum: values } = schema;
  const isTold = Array.isArray(values) && !isNameable(values, type) && values.length <= MAX_TOLD;
  const told = isTold ? [`One of: ${values.map((value) => JSON.stringify(value)).join(", ")}`] : [];
  const parts = [...(typeof description === "string" ? [description] : []), ...told];
  return parts.length === 0 ? {} : { description: parts.join("\n") };
}

function enumOf(values: JsonValue | undefined, type: string): JsonObject {
  return Array.isArray(values) && isNameable(values, type) ? { enum: values } : {};
}

function isNameable(values: readonly JsonValue[], type: string): boolean {
  return type === "string" && values.every((value) => typeof value === "string" && value !== "");
}

function propertiesOf(schema: JsonObject): JsonObject {
  const properties = Object.entries(objectOf(schema["properties"]));
  const names = new Set(properties.map(([name]) => name));
  const required = Array.isArray(schema["required"])
    ? schema["required"].filter((name) => typeof name === "string" && names.has(name))
    : [];
  return {
    ...(properties.length === 0
      ? {}
      : {
          properties: Object.fromEntries(
            properties.map(([name, value]) => [name, geminiSchema(objectOf(value))]),
          ),
        }),
    ...(required.length === 0 ? {} : { required }),
  };
}

function bounds(schema: JsonObject, type: "integer" | "number"): JsonObject {
  const { exclusiveMinimum: above, exclusiveMaximum: below } = schema;
  const isWhole = type === "integer";
  return {
    ...(typeof above === "number" ? { minimum: isWhole ? Math.floor(above) + 1 : above } : {}),
    ...(typeof below === "number" ? { maximum: isWhole ? Math.ceil(below) - 1 : below } : {}),
  };
}

function objectOf(value: JsonValue | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}
