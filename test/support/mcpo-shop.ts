import type { JsonObject } from "../../src/core/json.ts";
import { quirk } from "./backend-calls.ts";
import type { Message } from "./quirky-backends.ts";
import { scripted, type Scripted } from "./scripted-backend.ts";
import { configure, sendAuthorized, type Init } from "./worker.ts";

/** One behaviour of mcpo 0.0.20 as it was measured, and what this gateway makes of it. */
export type Row = Readonly<{
  row: `C${number}`;
  /** `same` for what mcpo's users rely on, `better` for what they asked for. */
  verdict: "same" | "better";
  says: string;
  holds: (shop: Shop) => Promise<void>;
}>;

/** Backends behind a gateway as an mcpo user has them. */
export type Shop = Readonly<{
  /** What the last call of a tool of `shop` arrived with at its backend. */
  lastArguments: () => Promise<unknown>;
  /** All tools/call messages that arrived there. */
  calls: () => Promise<readonly Message[]>;
}>;

const TEXT = { type: "string" };
const ODD_NAMES = ["do.t", "sp ace", "a/b"];

const TOOLS: readonly JsonObject[] = [
  {
    name: "convert_time",
    title: "Convert a time",
    description: "Converts a time between zones",
    annotations: { readOnlyHint: true },
    inputSchema: {
      type: "object",
      properties: { source: TEXT, count: { type: "integer", default: 2 } },
      required: ["source"],
    },
  },
  { name: "nothing", inputSchema: { type: "object", properties: {} } },
  { name: "free", inputSchema: { type: "object", additionalProperties: true } },
  ...ODD_NAMES.map((name) => ({ name, inputSchema: { type: "object" } })),
  {
    name: "whole",
    inputSchema: {
      type: "object",
      properties: {
        colour: { type: "string", enum: ["red", "green"] },
        amount: { type: "integer", minimum: 1, maximum: 3, default: 2 },
        code: { type: "string", pattern: "^[a-z]+$", minLength: 2, maxLength: 4 },
        day: { type: "string", format: "date" },
        kind: { const: "invoice" },
        either: { oneOf: [{ type: "string" }, { type: "integer" }] },
        both: { allOf: [{ type: "object", properties: { x: TEXT } }, { required: ["x"] }] },
        pair: { type: "array", prefixItems: [TEXT, { type: "integer" }] },
        map: { type: "object", additionalProperties: { type: "integer" } },
        note: { anyOf: [{ type: "string", description: "a note" }, { type: "null" }] },
        old: { type: "string", deprecated: true, title: "Old", examples: ["x"] },
        mixed: { type: ["string", "number"] },
        inner: { type: "object", properties: { a: TEXT }, required: ["a"] },
        rows: { type: "array", items: { type: "object", properties: { id: TEXT } } },
        ref: { $ref: "#/$defs/Point" },
        tree: { $ref: "#/$defs/Tree" },
      },
      $defs: {
        Point: { type: "object", properties: { lat: { type: "number" } }, required: ["lat"] },
        Tree: {
          type: "object",
          properties: { children: { type: "array", items: { $ref: "#/$defs/Tree" } } },
        },
      },
    },
  },
  {
    name: "defined",
    inputSchema: {
      type: "object",
      properties: { q: { $ref: "#/definitions/Q" } },
      definitions: { Q: { type: "string", enum: ["a", "b"] } },
    },
  },
  {
    name: "lost",
    inputSchema: { type: "object", properties: { q: { $ref: "#/nowhere/X" } } },
  },
  {
    name: "underscored",
    inputSchema: {
      type: "object",
      properties: { __top: { type: "integer" }, model_config: TEXT },
    },
  },
  {
    name: "topmost",
    inputSchema: {
      type: "object",
      allOf: [
        { properties: { one: TEXT }, required: ["one"] },
        { anyOf: [{ properties: { two: TEXT } }, { properties: { three: TEXT } }] },
      ],
    },
  },
  {
    name: "typed",
    inputSchema: { type: "object" },
    outputSchema: {
      type: "object",
      properties: { temp: { type: "number" }, cond: { type: ["string", "null"] } },
      required: ["temp"],
    },
  },
  ...["fails", "breaks", "refuses", "misses", "mistaken", "odd", "slow"].map((name) => ({
    name,
    inputSchema: { type: "object" },
  })),
];

const failure = (code: number, message: string): JsonObject => ({
  text: `{"jsonrpc":"2.0","id":$ID,"error":{"code":${code},"message":${JSON.stringify(message)}}}`,
});

/** Brings the shop into force; the backend says `ok` unless it is told otherwise. */
export async function openShop(
  answers: Readonly<Record<string, JsonObject>> = {},
  gatewayPart: JsonObject = {},
): Promise<Shop> {
  const backend: Scripted = await scripted({
    initialize: {
      serverInfo: { name: "Corner shop", version: "3.2.1" },
      instructions: "Prices are in cents",
      capabilities: { tools: {}, resources: {}, prompts: {} },
    },
    "tools/list": { tools: TOOLS },
    "tools/call": { content: [{ type: "text", text: "ok" }] },
    "tools/call typed": {
      content: [{ type: "text", text: '{"temp":1.5,"cond":null,"extra":1}' }],
      structuredContent: { temp: 1.5, cond: null, extra: 1 },
    },
    "tools/call fails": {
      content: [
        { type: "text", text: "Doc not found: INV-1" },
        { type: "text", text: "Try INV-2" },
      ],
      isError: true,
    },
    "tools/call breaks": failure(-32603, "boom"),
    "tools/call refuses": failure(-32600, "not like that"),
    "tools/call misses": failure(-32601, "no such method"),
    "tools/call mistaken": failure(-32602, "wrong arguments"),
    "tools/call odd": failure(-1, "something else"),
    ...answers,
  });
  await configure({
    mcpServers: {
      shop: { url: backend.url },
      "my server": { url: quirk("plain").url },
      down: { url: "http://127.0.0.1:9/mcp" },
      paged: { url: quirk("paging").url },
    },
    ...(Object.keys(gatewayPart).length === 0 ? {} : { gateway: gatewayPart }),
  });
  const calls = async (): Promise<readonly Message[]> =>
    (await backend.arrived()).flatMap(({ message }) =>
      message?.method === "tools/call" ? [message] : [],
    );
  return {
    calls,
    lastArguments: async () => (await calls()).at(-1)?.params?.["arguments"],
  };
}

/** Calls a tool with a body as it stands; an object is sent as JSON. */
export function callRest(path: string, body?: unknown, init: Init = {}): Promise<Response> {
  const isRaw = typeof body === "string" || body === undefined;
  return sendAuthorized(path, {
    method: "POST",
    ...(body === undefined ? {} : { body: isRaw ? body : JSON.stringify(body) }),
    ...init,
    headers: {
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...init.headers,
    },
  });
}

/** Status and body; the body parsed where it is JSON. */
export async function told(answer: Response | Promise<Response>): Promise<[number, unknown]> {
  const response = await answer;
  const text = await response.text();
  try {
    return [response.status, JSON.parse(text)];
  } catch {
    return [response.status, text];
  }
}

export async function documentOf(path: string): Promise<OpenapiDocument> {
  return (await sendAuthorized(path)).json();
}

export type OpenapiDocument = {
  info: { title: string; version: string; description?: string };
  servers: { url: string }[];
  paths: Record<string, { post?: Operation; get?: Operation }>;
  components?: { schemas?: Record<string, JsonObject> };
};

type Operation = {
  operationId?: string;
  summary?: string;
  description?: string;
  requestBody?: { required?: boolean; content: Record<string, { schema: JsonObject }> };
  responses: Record<string, { content?: Record<string, { schema: JsonObject }> }>;
  "x-mcp-annotations"?: JsonObject;
};

/** The schema of one property of a tool's body in a document. */
export function propertyIn(document: OpenapiDocument, tool: string, name: string): JsonObject {
  const body = document.paths[`/${tool}`]?.post?.requestBody?.content["application/json"]?.schema;
  const properties = body?.["properties"] as JsonObject | undefined;
  return (properties?.[name] ?? {}) as JsonObject;
}
