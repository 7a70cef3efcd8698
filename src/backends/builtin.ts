import type { Listing } from "../catalog/listing.ts";
import { BUILTIN_NAMES, type BuiltinName } from "../config/gateway-config.ts";
import { GATEWAY_INFO } from "../core/gateway-info.ts";
import { isJsonObject, type JsonObject } from "../core/json.ts";
import { type Answer, RPC_CODES, type RpcResponse } from "../core/json-rpc.ts";
import { callTime, TIME_TOOLS } from "./builtin-time.ts";
import type { BackendRequest } from "./wire.ts";

type Builtin = Readonly<{
  listing: Omit<Listing, "hash">;
  callTool: (name: unknown, args: JsonObject, now: number) => JsonObject | undefined;
}>;

/** Servers that run inside the Worker: a fresh gateway has something to call. */
const BUILTINS: Readonly<Record<BuiltinName, Builtin>> = {
  time: {
    listing: {
      serverInfo: { name: "time", version: GATEWAY_INFO.version },
      instructions: undefined,
      capabilities: { tools: {} },
      tools: TIME_TOOLS,
      prompts: [],
      resources: [],
      resourceTemplates: [],
      warnings: [],
    },
    callTool: callTime,
  },
};

const SCHEME = "builtin:";

export function builtinUrl(name: BuiltinName): string {
  return SCHEME + name;
}

export function builtinListing(name: BuiltinName): Omit<Listing, "hash"> {
  return BUILTINS[name].listing;
}

/** Answers as a legacy backend does: plain results, JSON-RPC errors as answers. */
export function callBuiltin(url: string, request: BackendRequest, now: () => number): Answer {
  const name = BUILTIN_NAMES.find((builtin) => builtinUrl(builtin) === url);
  if (name === undefined) throw new TypeError(`no built-in server at ${url}`);
  const response = respond(BUILTINS[name], request, now);
  return { text: JSON.stringify(response), message: () => response };
}

function respond(
  { callTool }: Builtin,
  { id, method, params }: BackendRequest,
  now: () => number,
): RpcResponse {
  if (method !== "tools/call") {
    const message = `Method not found: ${method.slice(0, 100)}`;
    return { jsonrpc: "2.0", id, error: { code: RPC_CODES.methodNotFound, message } };
  }
  const args = params?.["arguments"];
  const result = callTool(params?.["name"], isJsonObject(args) ? args : {}, now());
  if (result === undefined) {
    const name = params?.["name"];
    const message = `Unknown tool: ${typeof name === "string" ? name.slice(0, 128) : ""}`;
    return { jsonrpc: "2.0", id, error: { code: RPC_CODES.invalidParams, message } };
  }
  return { jsonrpc: "2.0", id, result };
}
