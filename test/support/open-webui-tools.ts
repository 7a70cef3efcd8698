import { isJsonObject, type JsonObject, type JsonValue } from "../../src/core/json.ts";

/**
 * What Open WebUI makes of the OpenAPI document of a tool server: `resolve_schema`,
 * `convert_openapi_to_tool_payload` and `clean_properties` of its `utils/tools.py`, in our own words.
 * Its versions differ in which references they follow again.
 */
export type OpenWebuiVersion =
  /** 2025: follows in `properties` and `items`, without end where a reference leads back. */
  | "first"
  /** 2026: also in alternatives; forgets what it has followed below `properties` and `items`. */
  | "forgetful"
  /** Takes a reference for nothing once it has followed it anywhere in the tool. */
  | "once";

export const OPEN_WEBUI_VERSIONS: readonly OpenWebuiVersion[] = ["first", "forgetful", "once"];

export type OpenWebuiTool = Readonly<{
  name: string;
  description: string;
  parameters: Readonly<{
    type: string;
    properties: Record<string, JsonObject>;
    required: readonly string[];
  }>;
}>;

/** Throws where Python would: at a document that makes it lose the server. */
export function openWebuiTools(
  document: JsonObject,
  version: OpenWebuiVersion = "forgetful",
): readonly OpenWebuiTool[] {
  const resolver: Resolver = { components: objectAt(document, "components"), version };
  return Object.values(objectAt(document, "paths")).flatMap((item) =>
    Object.entries(isJsonObject(item) ? item : {}).flatMap(([method, operation]) => {
      if (!METHODS.has(method) || !isJsonObject(operation)) return [];
      const { operationId, description, summary } = operation;
      if (typeof operationId !== "string" || operationId === "") return [];
      const told = description ?? summary ?? "No description available.";
      if (typeof told !== "string") throw new TypeError("a description that is no text");
      return [
        { name: operationId, description: told, parameters: parametersOf(operation, resolver) },
      ];
    }),
  );
}

type Resolver = Readonly<{ components: JsonObject; version: OpenWebuiVersion }>;

const METHODS: ReadonlySet<string> = new Set(["get", "put", "post", "delete", "patch"]);

function parametersOf(operation: JsonObject, resolver: Resolver): OpenWebuiTool["parameters"] {
  const content = objectAt(objectAt(operation, "requestBody"), "content");
  const schema = objectAt(content, "application/json")["schema"];
  const nothing = { type: "object", properties: {}, required: [] };
  if (schema === undefined) return nothing;
  const { properties, required } = resolve(schema, resolver, { seen: new Set(), depth: 0 });
  if (!isJsonObject(properties) || Object.keys(properties).length === 0) return nothing;
  return {
    type: "object",
    properties: Object.fromEntries(
      Object.entries(properties).map(([name, one]) => [name, clean(requireObject(one))]),
    ),
    required: Array.isArray(required) ? required.filter((name) => typeof name === "string") : [],
  };
}

type Walk = Readonly<{ seen: Set<string>; depth: number }>;

/** Python gives up at a thousand frames, and with it the list of all servers. */
const MAX_FRAMES = 400;

function resolve(schema: JsonValue, resolver: Resolver, { seen, depth }: Walk): JsonObject {
  if (depth > MAX_FRAMES) throw new RangeError("maximum recursion depth exceeded");
  if (schema === false || schema === null) return {};
  if (!isJsonObject(schema)) throw new TypeError("argument of type 'bool' is not iterable");
  const { $ref } = schema;
  const { components, version } = resolver;
  const below = { seen, depth: depth + 1 };
  if (typeof $ref === "string") {
    const name = $ref.slice($ref.lastIndexOf("/") + 1);
    if (version !== "first" && seen.has(name)) return {};
    seen.add(name);
    const [, ...parts] = $ref.replaceAll(/^[#/]+|[#/]+$/g, "").split("/");
    // Names are looked up as they stand, without decoding.
    const found = parts.reduce<JsonObject>((value, part) => objectAt(value, part), components);
    return resolve(found, resolver, below);
  }
  const inner = version === "once" ? below : { seen: new Set<string>(), depth: depth + 1 };
  const { properties, items } = schema;
  return {
    ...schema,
    ...(isJsonObject(properties)
      ? {
          properties: Object.fromEntries(
            Object.entries(properties).map(([name, one]) => [
              name,
              resolve(one ?? null, resolver, inner),
            ]),
          ),
        }
      : {}),
    ...(items === undefined ? {} : { items: resolve(items, resolver, inner) }),
    ...(version === "first" ? {} : alternatives(schema, (one) => resolve(one, resolver, below))),
  };
}

function alternatives(schema: JsonObject, read: (one: JsonValue) => JsonObject): JsonObject {
  return Object.fromEntries(
    ["oneOf", "anyOf", "allOf"].flatMap((keyword) => {
      const all = schema[keyword];
      return Array.isArray(all) ? [[keyword, all.map(read)]] : [];
    }),
  );
}

/** What it does to a schema before a model gets it. */
function clean(schema: JsonObject): JsonObject {
  const { anyOf, ...rest } = schema;
  const others = Array.isArray(anyOf)
    ? anyOf.map(requireObject).filter(({ type }) => type !== "null")
    : undefined;
  const [only] = others ?? [];
  const merged: JsonObject =
    others === undefined
      ? rest
      : others.length === 1
        ? { ...rest, ...only }
        : { ...rest, anyOf: others };
  const { default: usual, ...bare } = merged;
  const kept = usual === null || usual === undefined ? bare : merged;
  const { type, properties, items } = kept;
  const isBare = type === undefined && kept["anyOf"] === undefined && properties === undefined;
  return {
    ...kept,
    ...(isBare ? { type: "string" } : {}),
    ...(isJsonObject(properties)
      ? {
          properties: Object.fromEntries(
            Object.entries(properties).map(([name, one]) => [name, clean(requireObject(one))]),
          ),
        }
      : {}),
    ...(isJsonObject(items) ? { items: clean(items) } : {}),
  };
}

function requireObject(value: JsonValue | undefined): JsonObject {
  if (isJsonObject(value)) return value;
  throw new TypeError("'bool' object has no attribute 'get'");
}

function objectAt(value: JsonObject, key: string): JsonObject {
  const found = Object.hasOwn(value, key) ? value[key] : undefined;
  return isJsonObject(found) ? found : {};
}

/** Every `$ref` that is left in what a model gets: its provider refuses the whole request. */
export function danglingReferences(tools: readonly OpenWebuiTool[]): readonly string[] {
  const left = [...JSON.stringify(tools).matchAll(/"\$ref":("(?:[^"\\]|\\.)*")/g)];
  return left.map(([, reference = ""]) => reference);
}
