import { isJsonObject, type JsonObject } from "../core/json.ts";
import { type Components, resolveSchema } from "../pages/schema-text.ts";

/** One tool of a document, with what its page needs. */
export type DocsTool = Readonly<{
  /** The backend it belongs to, where the document has several. */
  group: string;
  /** As the document calls it. */
  name: string;
  /** Where it is called, on our own host. */
  path: string;
  summary: string;
  description: string;
  annotations: JsonObject;
  /** Undefined: it takes no arguments. */
  input: JsonObject | undefined;
  /** Undefined: nothing is known of its result. */
  output: unknown;
}>;

/** A document taken apart. What in it is not as OpenAPI has it is left out. */
export type DocsContent = Readonly<{
  title: string;
  version: string;
  description: string;
  /** Where all paths begin; no slash at its end. */
  base: string;
  components: Components;
  tools: readonly DocsTool[];
  /** What is read and not called: resources and prompts. */
  others: readonly Readonly<{ method: string; path: string; summary: string }>[];
}>;

const JSON_TYPE = "application/json";
const OTHER_METHODS = ["get", "put", "patch", "delete"] as const;

export function readDocument(document: JsonObject): DocsContent {
  const info = objectIn(document, "info");
  const components = objectIn(objectIn(document, "components"), "schemas");
  const base = baseOf(document["servers"]);
  const paths = Object.entries(objectIn(document, "paths")).filter(isPath);
  return {
    title: textIn(info, "title"),
    version: textIn(info, "version"),
    description: textIn(info, "description"),
    base,
    components,
    tools: paths.flatMap(([path, item]) => {
      const call = item["post"];
      // Without an operationId it is no tool, but another way to ask for something that is read.
      if (!isJsonObject(call) || typeof call["operationId"] !== "string") return [];
      return [toTool(call, { path, base, components })];
    }),
    others: paths.flatMap(([path, item]) =>
      OTHER_METHODS.flatMap((method) => {
        const operation = item[method];
        if (!isJsonObject(operation)) return [];
        return [
          {
            method: method.toUpperCase(),
            path: base + path,
            summary: textIn(operation, "summary"),
          },
        ];
      }),
    ),
  };
}

type Place = Readonly<{ path: string; base: string; components: Components }>;

function toTool(call: JsonObject, { path, base, components }: Place): DocsTool {
  const [, first = "", ...rest] = path.split("/");
  const { tags } = call;
  const tag = Array.isArray(tags) && typeof tags[0] === "string" ? tags[0] : undefined;
  const input = schemaIn(objectIn(call, "requestBody"));
  return {
    group: tag ?? (rest.length > 0 ? decoded(first) : ""),
    name: textIn(call, "operationId"),
    path: base + path,
    summary: textIn(call, "summary"),
    description: textIn(call, "description"),
    annotations: objectIn(call, "x-mcp-annotations"),
    input: input === undefined ? undefined : resolveSchema(input, components),
    output: schemaIn(objectIn(objectIn(call, "responses"), "200")),
  };
}

function schemaIn(body: JsonObject): unknown {
  return objectIn(objectIn(body, "content"), JSON_TYPE)["schema"];
}

function baseOf(servers: unknown): string {
  const first: unknown = Array.isArray(servers) ? servers[0] : undefined;
  return isJsonObject(first) ? textIn(first, "url").replace(/\/$/, "") : "";
}

function isPath(entry: readonly [string, unknown]): entry is [string, JsonObject] {
  return isJsonObject(entry[1]);
}

function objectIn(object: JsonObject, key: string): JsonObject {
  const value = object[key];
  return isJsonObject(value) ? value : {};
}

function textIn(object: JsonObject, key: string): string {
  const value = object[key];
  return typeof value === "string" ? value : "";
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // shown as it stands
  }
}
