import { isJsonObject, type JsonObject, type JsonValue } from "./json.ts";

/**
 * A parameter that a tool marks with `x-mcp-header`: its value travels in `Mcp-Param-{header}` as
 * well (MCP 2026-07-28, basic/transports, custom headers from tool parameters; SEP-2243).
 */
export type ParamMark = Readonly<{ path: readonly string[]; header: string }>;

/** `problem`: the definition is not valid and the tool must not be offered. */
export type ParamMarks = Readonly<{ marks: readonly ParamMark[]; problem: string | undefined }>;

const KEY = "x-mcp-header";
/** RFC 9110 section 5.6.2: no space, no CR or LF, so that no header can be slipped in. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,100}$/;
/** `number` is excluded by name: its text is not the same everywhere. */
const MARKABLE: ReadonlySet<JsonValue | undefined> = new Set(["string", "integer", "boolean"]);
const SHOWN = 60;

/** Keywords that hold one schema or a list of them. */
const SCHEMAS = [
  "items",
  "prefixItems",
  "contains",
  "additionalProperties",
  "additionalItems",
  "unevaluatedProperties",
  "unevaluatedItems",
  "propertyNames",
  "contentSchema",
  "oneOf",
  "anyOf",
  "allOf",
  "not",
  "if",
  "then",
  "else",
];
/** Keywords that hold schemas by name. */
const NAMED_SCHEMAS = [
  "patternProperties",
  "dependentSchemas",
  "dependencies",
  "$defs",
  "definitions",
];

const known = new WeakMap<JsonObject, ParamMarks>();

/**
 * A mark counts only where a chain of `properties` leads to it; anywhere else it makes the
 * definition invalid, because nobody could say which value is meant. The schema is bounded in depth
 * where it came in (`backends/collect-listing.ts`).
 */
export function findParamMarks(inputSchema: JsonObject): ParamMarks {
  const held = known.get(inputSchema);
  if (held !== undefined) return held;
  const found = walkMarks(inputSchema);
  known.set(inputSchema, found);
  return found;
}

/** The argument a mark means; undefined when it is not given. */
export function argumentAt(
  args: JsonValue | undefined,
  path: readonly string[],
): JsonValue | undefined {
  let value = args;
  for (const key of path) {
    if (!isJsonObject(value) || !Object.hasOwn(value, key)) return undefined;
    value = value[key];
  }
  return value;
}

function walkMarks(inputSchema: JsonObject): ParamMarks {
  const marks: ParamMark[] = [];
  const seen = new Set<string>();
  const waiting: Place[] = [{ schema: inputSchema, path: [], reachable: false }];
  for (let place = waiting.pop(); place !== undefined; place = waiting.pop()) {
    const header = place.schema[KEY];
    if (header !== undefined) {
      const problem = markProblem(place, header, seen);
      if (problem !== undefined) return { marks: [], problem };
      if (typeof header === "string") marks.push({ path: place.path, header });
    }
    waiting.push(...placesBelow(place));
  }
  return { marks, problem: undefined };
}

type Place = Readonly<{ schema: JsonObject; path: readonly string[]; reachable: boolean }>;

function markProblem(
  { schema, path, reachable }: Place,
  header: JsonValue,
  seen: Set<string>,
): string | undefined {
  const where = `${KEY} of "${path.join(".").slice(0, SHOWN)}"`;
  if (!reachable) return `${where} is not on a property that "properties" alone lead to`;
  if (typeof header !== "string" || !TOKEN.test(header)) return `${where} is not a header name`;
  if (!MARKABLE.has(schema["type"])) return `${where} is not on a string, integer or boolean`;
  if (seen.has(header.toLowerCase())) return `${where} is used twice`;
  seen.add(header.toLowerCase());
  return undefined;
}

function placesBelow({ schema, path, reachable }: Place): readonly Place[] {
  const below: Place[] = [];
  const onTheWay = reachable || path.length === 0;
  const add = (child: JsonValue | undefined, step: string, isProperty: boolean): void => {
    if (isJsonObject(child)) {
      below.push({ schema: child, path: [...path, step], reachable: isProperty && onTheWay });
    }
  };
  const { properties } = schema;
  if (isJsonObject(properties)) {
    for (const [name, child] of Object.entries(properties)) add(child, name, true);
  }
  for (const keyword of NAMED_SCHEMAS) {
    const named = schema[keyword];
    if (!isJsonObject(named)) continue;
    for (const child of Object.values(named)) add(child, `<${keyword}>`, false);
  }
  for (const keyword of SCHEMAS) {
    const value = schema[keyword];
    const children: readonly (JsonValue | undefined)[] = Array.isArray(value) ? value : [value];
    for (const child of children) add(child, `<${keyword}>`, false);
  }
  return below;
}
