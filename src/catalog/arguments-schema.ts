import { isJsonObject, type JsonObject, type JsonValue } from "../core/json.ts";
import { CATCH_ALL, isFreeForm } from "./free-form.ts";
import { type ComponentNames, type PublishedSchema, publishSchema } from "./schema-publisher.ts";

/**
 * A tool's inputSchema as the body of a request: always an object with `properties`, because Open
 * WebUI and many generators see nothing else of the root. What alternatives declare is declared at
 * the root as well, and the alternatives stay for those who read them.
 */
export function publishArguments(inputSchema: JsonObject, names: ComponentNames): PublishedSchema {
  const published = publishSchema(inputSchema, names);
  const schema = isFreeForm(inputSchema)
    ? withCatchAll(published.schema)
    : asObject(mergeBags(published.schema));
  return { ...published, schema };
}

/** The one argument of a tool that names none; a body of it alone is unpacked for such a tool. */
function withCatchAll(schema: JsonObject): JsonObject {
  const { additionalProperties, patternProperties } = schema;
  const { minProperties: _, maxProperties: __, propertyNames: ___, ...rest } = schema;
  const all = {
    type: "object",
    description: "The arguments, by their names. They may also be given at the top level.",
    ...(additionalProperties === undefined ? {} : { additionalProperties }),
    ...(patternProperties === undefined ? {} : { patternProperties }),
  };
  return { ...rest, type: "object", properties: { [CATCH_ALL]: all } };
}

/** Besides, `additionalProperties: true` says nothing. */
const BAG: ReadonlySet<string> = new Set([
  "type",
  "properties",
  "required",
  "title",
  "description",
]);

/** Members of `allOf` that only add properties are one object with the rest. */
function mergeBags(schema: JsonObject): JsonObject {
  const { allOf, ...rest } = schema;
  if (!Array.isArray(allOf)) return schema;
  const bags = allOf.filter(isJsonObject);
  const names = [rest, ...bags].flatMap(({ properties }) => Object.keys(objectOf(properties)));
  const isMergeable =
    bags.length === allOf.length &&
    new Set(names).size === names.length &&
    bags.every((bag) =>
      Object.entries(bag).every(([key, value]) => BAG.has(key) || value === true),
    );
  if (!isMergeable) return schema;
  const all = [rest, ...bags];
  return {
    ...Object.assign({}, ...bags.toReversed()),
    ...rest,
    properties: Object.fromEntries(
      all.flatMap(({ properties }) => Object.entries(objectOf(properties))),
    ),
    ...requiredOf(all.flatMap(({ required }) => strings(required))),
  };
}

function asObject(schema: JsonObject): JsonObject {
  const declared = declaredIn(schema, 0);
  const own = Object.entries(objectOf(schema["properties"]));
  const told = new Set(own.filter(([, one]) => !isEmpty(one)).map(([name]) => name));
  const others = [...declared.properties].filter(([name]) => !told.has(name));
  const bare = new Set(own.map(([name]) => name));
  const required = [...declared.required];
  const named = new Set([...bare, ...others.map(([name]) => name)]);
  // A required name that is not declared is refused by Gemini; declaring it says no more.
  const undeclared = required.filter((name) => !named.has(name));
  return {
    ...schema,
    type: "object",
    properties: Object.fromEntries([
      ...own,
      ...others.map(([name, variants]) => {
        const all = [...variants.values()];
        return [name, anyOfThem(bare.has(name) ? all.filter((one) => !isEmpty(one)) : all)];
      }),
      ...undeclared.map((name) => [name, {}]),
    ]),
    ...requiredOf(required),
  };
}

type Declared = Readonly<{
  /** Each in the different ways it is declared, by their text. */
  properties: ReadonlyMap<string, ReadonlyMap<string, JsonObject>>;
  /** What is required whichever alternative holds. */
  required: ReadonlySet<string>;
}>;

/** Alternatives within alternatives within alternatives are the deepest that anybody writes. */
const MAX_ALTERNATIVES_DEPTH = 4;
/** Beyond this a property is said to be anything. */
const MAX_VARIANTS = 20;

function declaredIn(schema: JsonObject, depth: number): Declared {
  const properties = new Map<string, Map<string, JsonObject>>();
  const required = new Set(strings(schema["required"]));
  const add = (name: string, one: JsonObject): void => {
    const variants = properties.get(name) ?? new Map<string, JsonObject>();
    properties.set(name, variants.set(JSON.stringify(one), one));
  };
  for (const [name, one] of Object.entries(objectOf(schema["properties"])))
    add(name, objectOf(one));
  if (depth === MAX_ALTERNATIVES_DEPTH) return { properties, required };
  for (const keyword of ["allOf", "anyOf", "oneOf", "then", "else", "dependentSchemas"]) {
    const each = membersOf(keyword, schema[keyword]).map((member) => declaredIn(member, depth + 1));
    for (const member of each) {
      for (const [name, variants] of member.properties) {
        for (const one of variants.values()) add(name, one);
      }
    }
    for (const name of alwaysRequired(keyword, each)) required.add(name);
  }
  return { properties, required };
}

/** Arguments are an object, so other alternatives do not count. */
function membersOf(keyword: string, value: JsonValue | undefined): readonly JsonObject[] {
  if (Array.isArray(value)) return value.filter(isJsonObject).filter(mayBeObject);
  if (!isJsonObject(value)) return [];
  return keyword === "dependentSchemas" ? Object.values(value).filter(isJsonObject) : [value];
}

function mayBeObject({ type }: JsonObject): boolean {
  return (
    type === undefined || type === "object" || (Array.isArray(type) && type.includes("object"))
  );
}

function alwaysRequired(keyword: string, members: readonly Declared[]): readonly string[] {
  if (keyword === "allOf") return members.flatMap(({ required }) => [...required]);
  if (keyword !== "anyOf" && keyword !== "oneOf") return [];
  const [first, ...others] = members;
  if (first === undefined) return [];
  return [...first.required].filter((name) => others.every(({ required }) => required.has(name)));
}

function anyOfThem(variants: readonly JsonObject[]): JsonObject {
  const [only] = variants;
  if (only === undefined) return {};
  if (variants.length === 1) return only;
  if (variants.length > MAX_VARIANTS || variants.some(isEmpty)) return {};
  return asOneList(variants) ?? { anyOf: variants };
}

const LISTED: ReadonlySet<string> = new Set(["type", "const", "enum", "title", "description"]);

/** The names by which alternatives are told apart are one list of allowed values. */
function asOneList(variants: readonly JsonObject[]): JsonObject | undefined {
  const values = variants.map((one) => {
    if (!Object.keys(one).every((key) => LISTED.has(key))) return undefined;
    return Array.isArray(one["enum"])
      ? one["enum"]
      : Object.hasOwn(one, "const")
        ? [one["const"]]
        : undefined;
  });
  const types = new Set(variants.map(({ type }) => type));
  if (values.includes(undefined) || types.size !== 1) return undefined;
  const [type] = types;
  const description = variants.find((one) => one["description"] !== undefined)?.["description"];
  return {
    ...(type === undefined ? {} : { type }),
    ...(description === undefined ? {} : { description }),
    enum: [...new Set(values.flat())].map((value = null) => value),
  };
}

function requiredOf(names: readonly string[]): JsonObject {
  return names.length === 0 ? {} : { required: [...new Set(names)] };
}

function isEmpty(value: JsonValue | undefined): boolean {
  return isJsonObject(value) && Object.keys(value).length === 0;
}

function objectOf(value: JsonValue | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}

function strings(value: JsonValue | undefined): readonly string[] {
  return Array.isArray(value) ? value.filter((name) => typeof name === "string") : [];
}
