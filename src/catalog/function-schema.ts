import { isJsonObject, type JsonObject, type JsonValue } from "../core/json.ts";
import { createReferences, type SchemaReferences } from "./schema-references.ts";

/**
 * A tool's inputSchema in the part of JSON Schema that every consumer of OpenAI function tools
 * takes: one `type` per schema, no `$ref`, no tuples, no `oneOf`/`allOf`, an object with
 * `properties` at the root. What becomes of the rest:
 *
 * - `type: ["string", "null"]` and `anyOf: [T, null]` → T with `nullable: true`
 * - other type lists and `oneOf` → `anyOf`
 * - `allOf` → merged; at the root also `anyOf` and `oneOf`
 * - `$ref` into the document → its target; a recursive one ends in the target's type
 * - tuples → `items` of any of the members, their order told in the description
 * - `const` → `enum`
 *
 * Keywords outside `KEPT` only narrow what the backend checks anyway, and are left out.
 */
export function functionParameters(inputSchema: JsonObject): JsonObject {
  const references = createReferences(inputSchema);
  const projection: Projection = { references, left: MAX_SCHEMAS };
  const schema = flattenRoot(project(inputSchema, projection, { depth: 0, refs: [] }));
  const { properties, ...rest } = schema;
  return { ...rest, type: "object", properties: isJsonObject(properties) ? properties : {} };
}

/** References multiply when they are inlined; beyond this they end as recursive ones do. */
const MAX_SCHEMAS = 5_000;
/** OpenAI takes 10 levels; the bound only keeps hostile nesting off the stack. */
const MAX_DEPTH = 32;

type Projection = { readonly references: SchemaReferences; left: number };
type Place = Readonly<{ depth: number; refs: readonly string[] }>;

const KEPT: ReadonlySet<string> = new Set([
  "type",
  "title",
  "description",
  "enum",
  "default",
  "examples",
  "deprecated",
  "nullable",
  "format",
  "pattern",
  "minLength",
  "maxLength",
  "minimum",
  "maximum",
  "exclusiveMinimum",
  "exclusiveMaximum",
  "multipleOf",
  "items",
  "minItems",
  "maxItems",
  "uniqueItems",
  "properties",
  "required",
  "additionalProperties",
  "minProperties",
  "maxProperties",
  "anyOf",
]);

/** Which keywords go with which branch when a list of types is taken apart. */
const KEYWORDS_OF: Readonly<Record<string, readonly string[]>> = {
  string: ["format", "pattern", "minLength", "maxLength"],
  array: ["items", "minItems", "maxItems", "uniqueItems"],
  object: ["properties", "required", "additionalProperties", "minProperties", "maxProperties"],
};
const NUMBER_KEYWORDS = [
  "minimum",
  "maximum",
  "exclusiveMinimum",
  "exclusiveMaximum",
  "multipleOf",
];

function project(schema: JsonValue | undefined, projection: Projection, place: Place): JsonObject {
  if (!isJsonObject(schema)) return {}; // `true`, or not a schema at all
  projection.left -= 1;
  if (projection.left < 0 || place.depth > MAX_DEPTH) return shallow(schema);
  const { schema: resolved, refs, ended } = resolve(schema, projection, place.refs);
  if (ended) return shallow(resolved);
  const inner: Place = { depth: place.depth + 1, refs };
  const whole = mergeAllOf(resolved, projection, inner);
  return takeTypesApart(
    joinBranches(keep(withItems(withProperties(whole, projection, inner), projection, inner)), {
      branches: whole["anyOf"] ?? whole["oneOf"],
      projection,
      place: inner,
    }),
  );
}

/** What can be said of a schema without looking into it. */
function shallow(schema: JsonObject): JsonObject {
  const { type, description } = schema;
  return {
    ...(typeof type === "string" ? { type, ...(type === "array" ? { items: {} } : {}) } : {}),
    ...(typeof description === "string" ? { description } : {}),
  };
}

type Resolved = Readonly<{ schema: JsonObject; refs: readonly string[]; ended: boolean }>;

/** Follows `$ref` within the document; what stands beside it wins over what it points to. */
function resolve(schema: JsonObject, projection: Projection, refs: readonly string[]): Resolved {
  const { $ref, ...beside } = schema;
  if (typeof $ref !== "string") return { schema, refs, ended: false };
  const target = projection.references.find($ref, schema);
  if (!isJsonObject(target)) return { schema: beside, refs, ended: false };
  if (refs.includes($ref) || refs.length > MAX_DEPTH)
    return { schema: { ...target, ...beside }, refs, ended: true };
  return resolve({ ...target, ...beside }, projection, [...refs, $ref]);
}

function mergeAllOf(schema: JsonObject, projection: Projection, place: Place): JsonObject {
  const { allOf, ...rest } = schema;
  if (!Array.isArray(allOf)) return schema;
  return mergeBoth(
    allOf
      .slice(0, MAX_SCHEMAS)
      .filter(isJsonObject)
      .map((part) => project(part, projection, place))
      .reduce(mergeBoth, {}),
    rest,
  );
}

/** Both apply: properties and required names add up, elsewhere the later one wins. */
function mergeBoth(left: JsonObject, right: JsonObject): JsonObject {
  const required = [...new Set([...strings(left["required"]), ...strings(right["required"])])];
  return {
    ...left,
    ...right,
    ...(isJsonObject(left["properties"]) || isJsonObject(right["properties"])
      ? { properties: { ...objectOf(left["properties"]), ...objectOf(right["properties"]) } }
      : {}),
    ...(required.length === 0 ? {} : { required }),
  };
}

function withProperties(schema: JsonObject, projection: Projection, place: Place): JsonObject {
  const { properties, required, additionalProperties, patternProperties, ...rest } = schema;
  const names = strings(required);
  const declared = Object.entries(objectOf(properties)).filter(([, value]) => value !== false);
  const known = new Set(declared.map(([key]) => key));
  const missing = names.filter((name) => !known.has(name));
  const isObject =
    schema["type"] === "object" || isJsonObject(properties) || additionalProperties !== undefined;
  if (!isObject && names.length === 0 && patternProperties === undefined) return schema;
  return {
    ...(rest["type"] === undefined ? { type: "object" } : {}),
    ...rest,
    ...(declared.length + missing.length === 0 && !isJsonObject(properties)
      ? {}
      : {
          properties: Object.fromEntries([
            ...declared.map(([key, value]) => [key, project(value, projection, place)]),
            // A required name that is not declared is refused by Gemini; declaring it says no more.
            ...missing.map((name) => [name, {}]),
          ]),
        }),
    ...(names.length === 0 ? {} : { required: names }),
    ...additional(additionalProperties, patternProperties, projection, place),
  };
}

function additional(
  value: JsonValue | undefined,
  patterns: JsonValue | undefined,
  projection: Projection,
  place: Place,
): JsonObject {
  // Patterns go, so keys they allowed must not be refused by what stays.
  if (isJsonObject(patterns) && Object.keys(patterns).length > 0) {
    return { additionalProperties: true };
  }
  if (value === undefined) return {};
  if (!isJsonObject(value)) return { additionalProperties: value !== false };
  const projected = project(value, projection, place);
  return { additionalProperties: Object.keys(projected).length === 0 ? true : projected };
}

function withItems(schema: JsonObject, projection: Projection, place: Place): JsonObject {
  const { items, prefixItems, additionalItems, ...rest } = schema;
  const tuple = Array.isArray(prefixItems) ? prefixItems : Array.isArray(items) ? items : undefined;
  const isArray = hasType(schema, "array") || (items !== undefined && schema["type"] === undefined);
  if (tuple === undefined) {
    if (!isArray) return schema;
    return { type: "array", ...rest, items: project(items, projection, place) };
  }
  const members = tuple.map((member) => project(member, projection, place));
  const further = Array.isArray(prefixItems) ? items : additionalItems;
  const closed = further === false;
  const rests = isJsonObject(further) ? [project(further, projection, place)] : [];
  const order = `Items in this order: ${members.map(describe).join(", ")}`;
  const { description } = rest;
  return {
    type: "array",
    ...rest,
    description: typeof description === "string" ? `${description}\n${order}` : order,
    items: anyOf([...members, ...rests]),
    ...(closed && rest["maxItems"] === undefined ? { maxItems: members.length } : {}),
  };
}

function describe(schema: JsonObject): string {
  const { title, type } = schema;
  if (typeof title === "string") return title;
  return typeof type === "string" ? type : "any";
}

type Branches = Readonly<{
  branches: JsonValue | undefined;
  projection: Projection;
  place: Place;
}>;

function joinBranches(schema: JsonObject, { branches, projection, place }: Branches): JsonObject {
  const { anyOf: _, ...rest } = schema;
  if (!Array.isArray(branches)) return rest;
  const possible = branches.filter(
    (branch) => isJsonObject(branch) && !isNull(branch) && !isImpossible(branch),
  );
  const nullable = branches.some((branch) => isJsonObject(branch) && isNull(branch));
  const note = nullable ? { nullable: true } : {};
  const joined = anyOf(possible.map((branch) => project(branch, projection, place)));
  return { ...joined, ...rest, ...note };
}

function anyOf(schemas: readonly JsonObject[]): JsonObject {
  const distinct = [...new Map(schemas.map((schema) => [JSON.stringify(schema), schema])).values()];
  const [only] = distinct;
  if (only === undefined) return {};
  return distinct.length === 1 ? only : { anyOf: distinct };
}

function isNull(schema: JsonObject): boolean {
  return schema["type"] === "null" || (Object.hasOwn(schema, "const") && schema["const"] === null);
}

/** `{not: {}}` is how some generators write `undefined`. */
function isImpossible(schema: JsonObject): boolean {
  const { not } = schema;
  return isJsonObject(not) && Object.keys(not).length === 0;
}

function keep(schema: JsonObject): JsonObject {
  const values = Object.hasOwn(schema, "const")
    ? { ...schema, enum: [schema["const"] ?? null] }
    : schema;
  return Object.fromEntries(Object.entries(values).filter(([key]) => KEPT.has(key)));
}

function takeTypesApart(schema: JsonObject): JsonObject {
  const { type, ...rest } = schema;
  if (!Array.isArray(type)) return withoutNullInEnum(schema);
  const names = strings(type).filter((name) => name !== "null");
  const nullable = type.includes("null") ? { nullable: true } : {};
  const [only] = names;
  if (only === undefined) return { type: "null", ...rest };
  if (names.length === 1) return withoutNullInEnum({ type: only, ...rest, ...nullable });
  const special = new Set([...Object.values(KEYWORDS_OF).flat(), ...NUMBER_KEYWORDS]);
  const common = Object.entries(rest).filter(([key]) => !special.has(key) && key !== "anyOf");
  const branches = names.map((name) => {
    const own =
      KEYWORDS_OF[name] ?? (name === "number" || name === "integer" ? NUMBER_KEYWORDS : []);
    return {
      type: name,
      ...Object.fromEntries(Object.entries(rest).filter(([key]) => own.includes(key))),
    };
  });
  return withoutNullInEnum({ ...Object.fromEntries(common), anyOf: branches, ...nullable });
}

function withoutNullInEnum(schema: JsonObject): JsonObject {
  const { enum: values, nullable } = schema;
  if (nullable !== true || !Array.isArray(values)) return schema;
  return { ...schema, enum: values.filter((value) => value !== null) };
}

/** OpenAI and Anthropic refuse alternatives at the root: what any of them takes becomes one object. */
function flattenRoot(schema: JsonObject): JsonObject {
  const { anyOf: branches, nullable: _, ...rest } = schema;
  if (!Array.isArray(branches)) return rest;
  const objects = branches.slice(0, MAX_SCHEMAS).filter(isJsonObject);
  const properties = objects.reduce<JsonObject>(
    (all, branch) => ({ ...objectOf(branch["properties"]), ...all }),
    objectOf(rest["properties"]),
  );
  const [first, ...others] = objects.map((branch) => new Set(strings(branch["required"])));
  const always = [...(first ?? [])].filter((name) => others.every((names) => names.has(name)));
  const required = [...new Set([...strings(rest["required"]), ...always])];
  return { ...rest, properties, ...(required.length === 0 ? {} : { required }) };
}

function hasType(schema: JsonObject, name: string): boolean {
  const { type } = schema;
  return type === name || (Array.isArray(type) && type.includes(name));
}

function strings(value: JsonValue | undefined): readonly string[] {
  return Array.isArray(value)
    ? value.filter((entry): entry is string => typeof entry === "string")
    : [];
}

function objectOf(value: JsonValue | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}
