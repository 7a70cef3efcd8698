import { GatewayError } from "../core/errors.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../core/json.ts";
import type { RpcRequest } from "../core/json-rpc.ts";
import type { BackendName } from "../core/ids.ts";
import type { Gateway, Scope } from "../gateway/gateway.ts";
import { LLM_FAILURE_KEY } from "../llm/llm-tools-failure.ts";
import type { Call } from "./call.ts";
import type { Reply } from "./reply.ts";
import { failureText, RpcFailure } from "./rpc-failure.ts";

/**
 * What clients of AnyGPT (once openai-gateway-mcp) send to a language model behind MCP: two methods
 * that MCP does not have, and the tools of the built-in server `llm` under a prefix. Each becomes a
 * call of such a tool and so passes what every call passes; a caller who may not make that call is
 * answered as if there were no dialect.
 */
type Spoken = Readonly<{
  tool: string;
  args: JsonObject;
  /** The result in the shape the dialect wants; undefined: as the tool gave it. */
  toResult: ((structured: JsonObject) => JsonObject) | undefined;
}>;

const PREFIX = "anygpt_";
/** As `Gateway.status` names the transport. */
const TRANSPORT = "builtin llm";

/** Undefined, and nothing awaited, for every request that is plain MCP. */
export function answerLlmDialect(
  gateway: Gateway,
  call: Call,
): Promise<Reply | undefined> | undefined {
  if (call.era !== "legacy") return undefined;
  const spoken = readSpoken(call.request, call.scope);
  return spoken === undefined ? undefined : answer(gateway, call, spoken);
}

function readSpoken({ method, params = {} }: RpcRequest, scope: Scope): Spoken | undefined {
  switch (method) {
    case "models/list":
      return { tool: "list_models", args: providerIn(params), toResult: asModelList };
    case "completion/complete":
      return readCompletion(params);
    case "tools/call":
      return scope.kind === "one" ? readPrefixed(params) : undefined;
    default:
      return undefined;
  }
}

/** MCP's own method of that name completes an argument of `ref`. */
function readCompletion(params: JsonObject): Spoken | undefined {
  const { prompt, ref, _meta: _, ...others } = params;
  if (ref !== undefined || !isJsonObject(prompt) || !Array.isArray(prompt["messages"])) {
    return undefined;
  }
  return {
    tool: "chat_completion",
    args: { ...others, ...prompt },
    toResult: (completion) => completion,
  };
}

function readPrefixed({ name, arguments: args }: JsonObject): Spoken | undefined {
  if (typeof name !== "string" || !name.startsWith(PREFIX)) return undefined;
  return {
    tool: name.slice(PREFIX.length),
    args: isJsonObject(args) ? args : {},
    toResult: undefined,
  };
}

async function answer(
  gateway: Gateway,
  call: Call,
  { tool, args, toResult }: Spoken,
): Promise<Reply | undefined> {
  const { caller, request, notify, context } = call;
  const backend = await findBackend(gateway, call);
  if (backend === undefined) return undefined;
  const meta = request.params?.["_meta"];
  const forwarded = {
    method: "tools/call",
    scope: { kind: "one", backend },
    id: request.id,
    params: { name: tool, arguments: args, ...(meta === undefined ? {} : { _meta: meta }) },
    ...(notify === undefined ? {} : { notify }),
  } as const;
  const answered = await gateway
    .forward(caller, forwarded, context)
    .catch((error: unknown) => ignoreUnknown(error));
  if (answered === undefined) return undefined;
  const message = answered.message();
  if (toResult === undefined || "error" in message) return { text: answered.text, status: 200 };
  const { result } = message;
  const text =
    result["isError"] === true
      ? failureText(request.id, asFailure(result))
      : JSON.stringify({
          jsonrpc: "2.0",
          id: request.id,
          result: toResult(objectOf(result["structuredContent"])),
        });
  return { text, status: 200 };
}

/** The first by name, as lists are sorted. */
async function findBackend(
  gateway: Gateway,
  { caller, scope, context }: Call,
): Promise<BackendName | undefined> {
  const backends = await gateway.status(caller, context);
  return backends
    .filter(({ name, transport }) => transport === TRANSPORT && isIn(scope, name))
    .map(({ name }) => name)
    .toSorted()[0];
}

function isIn(scope: Scope, name: BackendName): boolean {
  return scope.kind === "all" || scope.backend === name;
}

/** A tool that is hidden or switched off: the dialect is not spoken here. */
function ignoreUnknown(error: unknown): undefined {
  if (!(error instanceof GatewayError) || error.code !== "not_found") throw error;
}

function asFailure(result: JsonObject): RpcFailure {
  const failure = objectOf(objectOf(result["_meta"])[LLM_FAILURE_KEY]);
  const { code, message, retryAfter } = failure;
  return new RpcFailure(
    200,
    typeof code === "number" ? code : -32603,
    typeof message === "string" ? message : "Cannot answer",
    retryAfter === undefined ? undefined : { retryAfter },
  );
}

/** OpenAI's list. */
function asModelList({ models }: JsonObject): JsonObject {
  const listed = Array.isArray(models) ? models.filter(isJsonObject) : [];
  const data: JsonValue[] = listed.map(({ id, provider, created, owned_by: owner }) => ({
    id,
    object: "model",
    created: created ?? 0,
    owned_by: owner ?? provider,
  }));
  return { object: "list", data };
}

function providerIn({ provider }: JsonObject): JsonObject {
  return provider === undefined ? {} : { provider };
}

function objectOf(value: JsonValue | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}
