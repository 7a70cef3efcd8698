import { isJsonObject, type JsonObject, type JsonValue } from "../../src/core/json.ts";
import { type OpenWebuiTool, openWebuiTools } from "./open-webui-tools.ts";

/**
 * What Open WebUI does with an OpenAPI tool server that an administrator has entered, told in our
 * own words: which requests its Python sends, and what a model gets of the answers.
 */
export type ToolServerConnection = Readonly<{
  /** As an administrator enters it: without a slash at the end. */
  url: string;
  /** Undefined where the connection has another kind of credential: then it reads the document without. */
  key: string | undefined;
  headers?: Readonly<Record<string, string>>;
}>;

export type ToolServer = Readonly<{
  tools: readonly OpenWebuiTool[];
  /** What the model reads: the answer as text, or an object `{"error": …}`. */
  run: (name: string, args: JsonObject) => Promise<string>;
}>;

const AGENT = "Python/3.12 aiohttp/3.13.5";
const LIMIT_MS = 10_000;

/** Undefined where it would log that it could not connect, and go on without the server. */
export async function connectToolServer(
  connection: ToolServerConnection,
): Promise<ToolServer | undefined> {
  const { url, key } = connection;
  const response = await fetch(`${url}/openapi.json`, {
    headers: {
      accept: "application/json",
      "content-type": "application/json",
      "user-agent": AGENT,
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
    },
    redirect: "manual",
    signal: AbortSignal.timeout(LIMIT_MS),
  });
  const document: JsonValue = await response.json();
  if (response.status !== 200 || !isJsonObject(document)) return undefined;
  const tools = openWebuiTools(document);
  return {
    tools,
    run: (name, args) => runTool(connection, document, { name, args: declared(tools, name, args) }),
  };
}

/** A model's words that are no parameters of the tool go nowhere. */
function declared(tools: readonly OpenWebuiTool[], name: string, args: JsonObject): JsonObject {
  const properties = tools.find((tool) => tool.name === name)?.parameters.properties ?? {};
  return Object.fromEntries(Object.entries(args).filter(([key]) => Object.hasOwn(properties, key)));
}

export type ToolRoute = Readonly<{ path: string; method: string; takesBody: boolean }>;

/** Where an operation is, found as it is found there: by its id, in the first path that has it. */
export function routeOf(document: JsonObject, name: string): ToolRoute | undefined {
  const paths = isJsonObject(document["paths"]) ? document["paths"] : {};
  for (const [path, item] of Object.entries(paths)) {
    for (const [method, operation] of Object.entries(isJsonObject(item) ? item : {})) {
      if (isJsonObject(operation) && operation["operationId"] === name) {
        return { path, method, takesBody: isJsonObject(operation["requestBody"]) };
      }
    }
  }
  return undefined;
}

async function runTool(
  { url, key, headers }: ToolServerConnection,
  document: JsonObject,
  { name, args }: Readonly<{ name: string; args: JsonObject }>,
): Promise<string> {
  const route = routeOf(document, name);
  if (route === undefined) return failure(`No matching route found for operationId: ${name}`);
  const response = await fetch(url + route.path, {
    method: route.method.toUpperCase(),
    headers: {
      "content-type": "application/json",
      "user-agent": AGENT,
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
      ...headers,
    },
    // Always a body, and without arguments an empty object, whatever the document says.
    body: JSON.stringify(route.takesBody ? args : {}),
    redirect: "manual",
  });
  if (response.status >= 400) {
    return failure(`HTTP error ${response.status}: ${await response.text()}`);
  }
  const [type = ""] = (response.headers.get("content-type") ?? "").split(";");
  if (type === "application/json" || type.startsWith("text/")) return response.text();
  return `data:${type};base64,${Buffer.from(await response.arrayBuffer()).toString("base64")}`;
}

function failure(error: string): string {
  return JSON.stringify({ error });
}
