import { isJsonObject, type JsonObject, type JsonValue } from "../core/json.ts";

/**
 * One schema, without the ones inside it, in the words of JSON Schema 2020-12, which are those of
 * OpenAPI 3.1. Older drafts, OpenAPI 3.0 and the usual slips are translated; a keyword that says
 * nothing valid is left out, because one of those makes a validator refuse the whole document.
 * `$ref` alone stays of the keywords that name and refer.
 */
export function modernSchema(schema: JsonObject): ModernSchema {
  const lost: string[] = [];
  const words: [string, JsonValue][] = [];
  for (const [key, value] of Object.entries(schema)) {
    if (value === undefined || REWRITTEN.has(key)) continue;
    const isValid = VALID.get(key);
    if (isValid === undefined ? isHarmless(key, value) : isValid(value)) words.push([key, value]);
    else if (isValid !== undefined && !TOLD.has(key)) lost.push(key);
    if (key === "pattern" && lost.includes(key)) words.push(["x-pattern", value]);
  }
  const made = {
    ...withPatterns(Object.fromEntries(words), lost),
    ...typeOf(schema, lost),
    ...boundsOf(schema),
    ...itemsOf(schema),
    ...dependenciesOf(schema),
    ...requiredOf(schema),
    ...examplesOf(schema),
    ...referenceOf(schema),
  };
  const whole = schema["nullable"] === true ? withNull(made) : made;
  return { schema: inOrderOf(schema, whole), lost };
}

/** People read documents too, and wrote the type first. */
function inOrderOf(schema: JsonObject, made: JsonObject): JsonObject {
  const order = [...Object.keys(schema), ...Object.keys(made)];
  return Object.fromEntries(
    [...new Set(order)].flatMap((key) =>
      Object.hasOwn(made, key) ? [[key, made[key] ?? null] as const] : [],
    ),
  );
}

export type ModernSchema = Readonly<{
  schema: JsonObject;
  /** The keywords without which more is accepted than was meant. */
  lost: readonly string[];
}>;

type Check = (value: JsonValue) => boolean;

const isText: Check = (value) => typeof value === "string";
const isFlag: Check = (value) => typeof value === "boolean";
const isNumber: Check = (value) => typeof value === "number" && Number.isFinite(value);
const isCount: Check = (value) => Number.isSafeInteger(value) && Number(value) >= 0;
const isSchema: Check = (value) => typeof value === "boolean" || isJsonObject(value);
const isFilled: Check = (value) => Array.isArray(value) && value.length > 0;
const isValues: Check = (value) => isFilled(value) && isPlainValue(value);

const isNames: Check = (value) => Array.isArray(value) && value.every(isText);

const VALID: ReadonlyMap<string, Check> = new Map([
  ...having(isText, "title description $comment format contentEncoding contentMediaType"),
  ...having(isFlag, "deprecated readOnly writeOnly uniqueItems"),
  ...having(isPlainValue, "default const"),
  ...having(isValues, "enum"),
  ...having(isFilled, "anyOf oneOf allOf"),
  ...having(isNumber, "minimum maximum"),
  ...having(isCount, "minLength maxLength minItems maxItems minContains maxContains"),
  ...having(isCount, "minProperties maxProperties"),
  ...having(isJsonObject, "properties patternProperties dependentSchemas"),
  ...having(isSchema, "additionalProperties unevaluatedProperties unevaluatedItems"),
  ...having(isSchema, "propertyNames contains contentSchema not if then else"),
  ...having((value) => typeof value === "string" && isPattern(value), "pattern"),
  ...having((value) => isNumber(value) && Number(value) > 0, "multipleOf"),
  ...having(
    (value) => isJsonObject(value) && Object.values(value).every((one = null) => isNames(one)),
    "dependentRequired",
  ),
]);

function having(check: Check, keywords: string): readonly (readonly [string, Check])[] {
  return keywords.split(" ").map((keyword) => [keyword, check] as const);
}

/** Read below, or nothing to a reader of the document. */
const REWRITTEN: ReadonlySet<string> = new Set([
  "type",
  "nullable",
  "exclusiveMinimum",
  "exclusiveMaximum",
  "divisibleBy",
  "items",
  "prefixItems",
  "additionalItems",
  "dependencies",
  "required",
  "example",
  "examples",
  "$ref",
  "$dynamicRef",
  "$recursiveRef",
  "$id",
  "id",
  "$schema",
  "$anchor",
  "$dynamicAnchor",
  "$recursiveAnchor",
  "$vocabulary",
  "$defs",
  "definitions",
  // Its mapping points to schemas by name, and without one it may stand beside references only.
  "discriminator",
]);

/** Of these only the look is missed. */
const TOLD: ReadonlySet<string> = new Set([
  "title",
  "description",
  "$comment",
  "deprecated",
  "default",
]);

/** Words of others are annotations (core, section 6.5). */
function isHarmless(key: string, value: JsonValue): boolean {
  return !key.startsWith("$") && isPlainValue(value);
}

/**
 * Without a `$ref`, which in a value means nothing: a bundler follows it all the same, to a file of
 * whoever makes a client of the document, or to an address of the backend's choice.
 */
export function isPlainValue(value: JsonValue): boolean {
  return !JSON.stringify(value).includes('"$ref"');
}

/** Longer ones are not tried: what compiling them costs is the writer's choice. */
const MAX_TRIED_PATTERN = 2_000;

/** Other languages have patterns of their own, and one of those breaks every validator here. */
function isPattern(pattern: string): boolean {
  if (pattern.length > MAX_TRIED_PATTERN) return false;
  try {
    return new RegExp(pattern, "u").source !== "";
  } catch {
    return false;
  }
}

/** The names of JSON Schema, and what people write for them in other languages. */
const TYPES: ReadonlyMap<string, string> = new Map([
  ["string", "string"],
  ["str", "string"],
  ["number", "number"],
  ["float", "number"],
  ["double", "number"],
  ["integer", "integer"],
  ["int", "integer"],
  ["boolean", "boolean"],
  ["bool", "boolean"],
  ["object", "object"],
  ["dict", "object"],
  ["array", "array"],
  ["list", "array"],
  ["null", "null"],
  ["none", "null"],
]);

function typeOf(schema: JsonObject, lost: string[]): JsonObject {
  const { type } = schema;
  const written = Array.isArray(type) ? type : type === undefined ? [] : [type];
  const named = written.flatMap((name) =>
    typeof name === "string" ? (TYPES.get(name.toLowerCase()) ?? []) : [],
  );
  // One name of several that nobody knows could be any type.
  const known = named.length === written.length ? named : [];
  if (known.length < written.length && !written.includes("any")) lost.push("type");
  const names = new Set(known.length > 0 ? known : typesOfValues(schema));
  if (schema["nullable"] === true && names.size > 0) names.add("null");
  if (names.has("number")) names.delete("integer");
  const [only] = names;
  if (only === undefined) return {};
  return { type: names.size === 1 ? only : [...names] };
}

/** A list of allowed values says the type as well, and some readers take no type for text. */
function typesOfValues(schema: JsonObject): readonly string[] {
  const { enum: values, const: value } = schema;
  if (Array.isArray(values)) return values.map(typeOfValue);
  return Object.hasOwn(schema, "const") && value !== undefined ? [typeOfValue(value)] : [];
}

function typeOfValue(value: JsonValue): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "number";
  return typeof value;
}

/** Keys that a pattern of another language allowed must not be refused by what stays. */
function withPatterns(schema: JsonObject, lost: string[]): JsonObject {
  const { patternProperties, additionalProperties: _, unevaluatedProperties: __, ...rest } = schema;
  if (!isJsonObject(patternProperties)) return schema;
  const entries = Object.entries(patternProperties);
  const usable = entries.filter(([pattern]) => isPattern(pattern));
  if (usable.length === entries.length) return schema;
  lost.push("patternProperties");
  return { ...rest, patternProperties: Object.fromEntries(usable) };
}

/** Draft 4 said with a flag that a bound is outside; draft 3 called the step a divisor. */
function boundsOf(schema: JsonObject): JsonObject {
  return {
    ...exclusive("exclusiveMinimum", schema["exclusiveMinimum"], schema["minimum"]),
    ...exclusive("exclusiveMaximum", schema["exclusiveMaximum"], schema["maximum"]),
    ...(Number(schema["divisibleBy"]) > 0 ? { multipleOf: Number(schema["divisibleBy"]) } : {}),
  };
}

function exclusive(
  key: string,
  value: JsonValue | undefined,
  bound: JsonValue | undefined,
): JsonObject {
  if (typeof value === "number" && Number.isFinite(value)) return { [key]: value };
  return value === true && typeof bound === "number" ? { [key]: bound } : {};
}

/** Until 2019-09 a list of `items` was what `prefixItems` is, and `additionalItems` the rest. */
function itemsOf({ items, prefixItems, additionalItems }: JsonObject): JsonObject {
  const prefix = Array.isArray(prefixItems) ? prefixItems : Array.isArray(items) ? items : [];
  const rest = Array.isArray(items) ? additionalItems : items;
  return {
    ...(prefix.length > 0 ? { prefixItems: prefix } : {}),
    ...(rest !== undefined && isSchema(rest) ? { items: rest } : {}),
  };
}

function dependenciesOf(schema: JsonObject): JsonObject {
  const { dependencies, dependentRequired, dependentSchemas } = schema;
  if (!isJsonObject(dependencies)) return {};
  const entries = Object.entries(dependencies);
  const names = entries.filter(([, value]) => Array.isArray(value));
  const schemas = entries.filter(([, value]) => isJsonObject(value));
  return {
    ...(names.length > 0 && dependentRequired === undefined
      ? { dependentRequired: Object.fromEntries(names) }
      : {}),
    ...(schemas.length > 0 && dependentSchemas === undefined
      ? { dependentSchemas: Object.fromEntries(schemas) }
      : {}),
  };
}

/** Draft 3 and many since said it in the property itself. */
function requiredOf({ required, properties }: JsonObject): JsonObject {
  const listed = Array.isArray(required) ? required.filter((name) => typeof name === "string") : [];
  const own = Object.entries(isJsonObject(properties) ? properties : {})
    .filter(([, property]) => isJsonObject(property) && property["required"] === true)
    .map(([name]) => name);
  const names = [...new Set([...listed, ...own])];
  return names.length > 0 ? { required: names } : {};
}

function examplesOf({ example, examples }: JsonObject): JsonObject {
  const all = Array.isArray(examples) ? examples : example === undefined ? [] : [example];
  const plain = all.filter(isPlainValue);
  return plain.length > 0 ? { examples: plain } : {};
}

function referenceOf({ $ref, $dynamicRef, $recursiveRef }: JsonObject): JsonObject {
  const reference = [$ref, $dynamicRef, $recursiveRef].find((one) => typeof one === "string");
  return reference === undefined ? {} : { $ref: reference };
}

/** What OpenAPI 3.0 said with a flag. */
function withNull(schema: JsonObject): JsonObject {
  const { enum: values, anyOf, oneOf, $ref, ...rest } = schema;
  if (Array.isArray(values) && !values.includes(null))
    return { ...schema, enum: [...values, null] };
  if (rest["type"] !== undefined) return schema;
  if (typeof $ref === "string") return { ...rest, anyOf: [{ $ref }, { type: "null" }] };
  if (Array.isArray(anyOf) && !anyOf.some(isNull)) {
    return { ...schema, anyOf: [...anyOf, { type: "null" }] };
  }
  if (Array.isArray(oneOf) && !oneOf.some(isNull)) {
    return { ...schema, oneOf: [...oneOf, { type: "null" }] };
  }
  return schema;
}

function isNull(value: JsonValue): boolean {
  return isJsonObject(value) && value["type"] === "null";
}
