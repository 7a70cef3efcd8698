import type { Listing } from "../catalog/listing.ts";
import { BUILTIN_NAMES, type BuiltinName } from "../config/gateway-config.ts";
import { GATEWAY_INFO } from "../core/gateway-info.ts";
import { isJsonObject, type JsonObject } from "../core/json.ts";
import { type Answer, RPC_CODES, type RpcResponse } from "../core/json-rpc.ts";
import { LLM_TOOLS } from "../llm/llm-tools.ts";
import { callLlm, type LlmIo } from "./builtin-llm.ts";
import { callTime, TIME_TOOLS } from "./builtin-time.ts";
import type { BackendRequest } from "./wire.ts";

/** What calls of built-in servers may need; each takes its own part. */
export type BuiltinIo = LlmIo;

type Builtin = Readonly<{
  listing: Omit<Listing, "hash">;
  callTool: (call: ToolCall, io: BuiltinIo) => Result | Promise<Result>;
}>;

type ToolCall = Readonly<{ name: unknown; args: JsonObject; meta: JsonObject }>;

/** Undefined for a tool that is not there. */
type Result = JsonObject | undefined;

/** Servers that run inside the Worker: a fresh gateway has something to call. */
const BUILTINS: Readonly<Record<BuiltinName, Builtin>> = {
  time: {
    listing: listingOf("time", TIME_TOOLS),
    callTool: ({ name, args }, { now }) => callTime(name, args, now()),
  },
  llm: {
    listing: listingOf("llm", LLM_TOOLS),
    callTool: callLlm,
  },
};

function listingOf(name: BuiltinName, tools: Listing["tools"]): Omit<Listing, "hash"> {
  return {
    serverInfo: { name, version: GATEWAY_INFO.version },
    instructions: undefined,
    capabilities: { tools: {} },
    tools,
    prompts: [],
    resources: [],
    resourceTemplates: [],
    warnings: [],
  };
}

const SCHEME = "builtin:";

export function builtinUrl(name: BuiltinName): string {
  return SCHEME + name;
}

export function builtinListing(name: BuiltinName): Omit<Listing, "hash"> {
  return BUILTINS[name].listing;
}

/** Answers as a legacy backend does: plain results, JSON-RPC errors as answers. */
export function callBuiltin(
  url: string,
  request: BackendRequest,
  io: BuiltinIo,
): Answer | Promise<Answer> {
  const name = BUILTIN_NAMES.find((builtin) => builtinUrl(builtin) === url);
  if (name === undefined) throw new TypeError(`no built-in server at ${url}`);
  const { id, method, params } = request;
  if (method !== "tools/call") {
    const message = `Method not found: ${method.slice(0, 100)}`;
    return asAnswer({ jsonrpc: "2.0", id, error: { code: RPC_CODES.methodNotFound, message } });
  }
  const call = {
    name: params?.["name"],
    args: objectIn(params, "arguments"),
    meta: objectIn(params, "_meta"),
  };
  const result = BUILTINS[name].callTool(call, io);
  return result instanceof Promise
    ? result.then((settled) => asAnswer(respond(request, call, settled)))
    : asAnswer(respond(request, call, result));
}

function respond({ id }: BackendRequest, { name }: ToolCall, result: Result): RpcResponse {
  if (result !== undefined) return { jsonrpc: "2.0", id, result };
  const message = `Unknown tool: ${typeof name === "string" ? name.slice(0, 128) : ""}`;
  return { jsonrpc: "2.0", id, error: { code: RPC_CODES.invalidParams, message } };
}

function asAnswer(response: RpcResponse): Answer {
  return { text: JSON.stringify(response), message: () => response };
}

function objectIn(params: JsonObject | undefined, key: string): JsonObject {
  const value = params?.[key];
  return isJsonObject(value) ? value : {};
}
