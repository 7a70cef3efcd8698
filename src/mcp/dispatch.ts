import { GatewayError } from "../core/errors.ts";
import { isJsonObject, type JsonObject } from "../core/json.ts";
import { RPC_CODES } from "../core/json-rpc.ts";
import type { ForwardedMethod, Gateway, ListKind } from "../gateway/gateway.ts";
import type { Call, DispatchDeps } from "./call.ts";
import { ownResult } from "./era-result.ts";
import { forwardRequest } from "./forward-request.ts";
import { forwardTask } from "./forward-task.ts";
import { answerLlmDialect } from "./llm-dialect.ts";
import { failureReply } from "./mcp-errors.ts";
import { LEGACY_VERSIONS, META, MODERN_VERSION } from "../core/protocol-versions.ts";
import type { Reply } from "./reply.ts";
import { RpcFailure } from "./rpc-failure.ts";
import { TASK_METHODS } from "./task-wire.ts";

/**
 * How long a client may keep a list. Lists change with the config and with backends, and a modern
 * client has no stream here that would tell it.
 */
const LIST_TTL_MS = 5_000;
const CACHE_MEMBERS = `"ttlMs":${LIST_TTL_MS},"cacheScope":"private",`;

const LISTS: ReadonlyMap<string, readonly [kind: ListKind, member: string]> = new Map([
  ["tools/list", ["tools", "tools"]],
  ["prompts/list", ["prompts", "prompts"]],
  ["resources/list", ["resources", "resources"]],
  ["resources/templates/list", ["resourceTemplates", "resourceTemplates"]],
]);

const FORWARDED: ReadonlyMap<string, ForwardedMethod> = new Map(
  (["tools/call", "prompts/get", "resources/read", "completion/complete"] as const).map(
    (method) => [method, method],
  ),
);

/** Answers one request; never throws, so that a batch or a stream always gets its answer. */
export async function dispatch(deps: DispatchDeps, call: Call): Promise<Reply> {
  try {
    const dialect = answerLlmDialect(deps.gateway, call);
    const answered = dialect === undefined ? undefined : await dialect;
    if (answered !== undefined) return answered;
    const forwarded = FORWARDED.get(call.request.method);
    if (forwarded !== undefined) return await forwardRequest(deps, call, forwarded);
    const task = call.era === "modern" ? TASK_METHODS.get(call.request.method) : undefined;
    if (task !== undefined) return await forwardTask(deps, call, task);
    return { text: await answer(deps.gateway, call), status: 200 };
  } catch (error) {
    return failureReply(call.request.id, error);
  }
}

async function answer(gateway: Gateway, call: Call): Promise<string> {
  const { request, era } = call;
  const list = LISTS.get(request.method);
  if (list !== undefined) return answerList(gateway, call, list);
  switch (request.method) {
    case "initialize":
      if (era === "legacy") return resultText(call, await initialize(gateway, call));
      break;
    case "server/discover":
      return resultText(call, await discover(gateway, call));
    case "ping":
      if (era === "legacy") return resultText(call, {});
      break;
    case "logging/setLevel":
      // Stateless: there is nowhere to keep a level, and log messages reach the caller anyway.
      if (era === "legacy") return resultText(call, {});
      break;
    default:
      break;
  }
  throw new RpcFailure(
    era === "modern" ? 404 : 200,
    RPC_CODES.methodNotFound,
    `Method not found: ${JSON.stringify(request.method.slice(0, 80))}`,
  );
}

async function answerList(
  gateway: Gateway,
  { caller, scope, era, request, context }: Call,
  [kind, member]: readonly [ListKind, string],
): Promise<string> {
  const cursor = request.params?.["cursor"];
  if (cursor !== undefined && typeof cursor !== "string") {
    throw new GatewayError("invalid_params", "Cannot list: the cursor is not a string");
  }
  const page = await gateway.listPage(caller, scope, { kind, cursor }, context);
  const head =
    era === "modern"
      ? `"resultType":"complete",${CACHE_MEMBERS}${await ownName(gateway, { caller, scope, context })}`
      : "";
  const tail = page.nextCursor === undefined ? "" : `,"nextCursor":"${page.nextCursor}"`;
  return `{"jsonrpc":"2.0","id":${JSON.stringify(request.id)},"result":{${head}"${member}":${page.entries}${tail}}}`;
}

/** Who answers (MCP 2026-07-28, basic: results should name their server). */
async function ownName(
  gateway: Gateway,
  { caller, scope, context }: Pick<Call, "caller" | "scope" | "context">,
): Promise<string> {
  const { serverInfo } = await gateway.describe(caller, scope, context);
  return `"_meta":${JSON.stringify({ [META.serverInfo]: serverInfo })},`;
}

async function initialize(
  gateway: Gateway,
  { caller, scope, request, context }: Call,
): Promise<JsonObject> {
  const { protocolVersion, capabilities, clientInfo } = request.params ?? {};
  if (
    typeof protocolVersion !== "string" ||
    !isJsonObject(capabilities) ||
    !isJsonObject(clientInfo)
  ) {
    throw new GatewayError(
      "invalid_params",
      'Cannot initialize: wanted "protocolVersion", "capabilities" and "clientInfo"',
    );
  }
  const { instructions, ...described } = await gateway.describe(caller, scope, context);
  return {
    protocolVersion: LEGACY_VERSIONS.includes(protocolVersion)
      ? protocolVersion
      : LEGACY_VERSIONS[0],
    ...described,
    ...(instructions === undefined ? {} : { instructions }),
  };
}

async function discover(gateway: Gateway, { caller, scope, context }: Call): Promise<JsonObject> {
  const { serverInfo, capabilities, instructions } = await gateway.describe(caller, scope, context);
  return {
    supportedVersions: [MODERN_VERSION, ...LEGACY_VERSIONS],
    capabilities,
    ...(instructions === undefined ? {} : { instructions }),
    ttlMs: LIST_TTL_MS,
    cacheScope: "private",
    _meta: { [META.serverInfo]: serverInfo },
  };
}

function resultText({ request, era }: Call, result: JsonObject): string {
  return JSON.stringify({ jsonrpc: "2.0", id: request.id, result: ownResult(result, era) });
}
