import { LIST_MODES, type Caller } from "../auth/caller.ts";
import { inAccount } from "../auth/in-account.ts";
import { asGatewayError } from "../core/errors.ts";
import type { CallContext, Scope } from "../gateway/gateway.ts";
import { isAllowedOrigin } from "../http/allowed-origin.ts";
import { challengeHeaders } from "../http/challenge.ts";
import { answerPreflight, isPreflight, withCors, type CorsPolicy } from "../http/cors.ts";
import { knownCaller, requireCaller } from "../http/require-caller.ts";
import { accountIn, type Exchange, type McpDeps } from "./exchange.ts";
import { handleDelete, handleGet } from "./handle-get.ts";
import { handlePost } from "./handle-post.ts";
import { readMode } from "./asked-mode.ts";
import { failureReply } from "./mcp-errors.ts";
import { jsonReply } from "./reply.ts";
import { failureText, RpcFailure } from "./rpc-failure.ts";
import { createRunningRequests } from "./running-requests.ts";
import { createSessionDesk } from "./session-desk.ts";

export type McpEndpoint = (
  request: Request,
  scope: Scope,
  context: CallContext,
  /** Of the caller's at the backend, where the address names one. */
  account?: string,
) => Promise<Response>;

/**
 * Streamable HTTP for both eras. In this order: is the address ours and the browser's
 * origin welcome (no side effects before that), who is asking, is the body sound, what is asked.
 */
export function createMcpEndpoint(deps: McpDeps): McpEndpoint {
  const running = createRunningRequests();
  const sessions = createSessionDesk(deps.callers, deps.now);

  return async (request, scope, context, account) => {
    const origin = deps.ownOrigin(request);
    if (origin === undefined)
      return refusal(421, "Misdirected request: this host is not the gateway's");
    const browser = request.headers.get("origin");
    if (browser !== null) {
      const configured = deps.allowedOrigins(context);
      if (!isAllowedOrigin({ origin: browser, ownOrigin: origin, configured })) {
        return refusal(403, "Forbidden: this origin may not use the gateway");
      }
    }
    const mode = readMode(request.url);
    const exchange = { deps, running, sessions, request, scope, context, origin, mode, account };
    if (browser === null) return answerRequest(exchange);
    const policy: CorsPolicy = { kind: "listed", isAllowed: () => true };
    if (isPreflight(request)) return answerPreflight(request, policy);
    return withCors(await answerRequest(exchange), request, policy);
  };
}

async function answerRequest(exchange: Exchange): Promise<Response> {
  const { deps, request, context, origin } = exchange;
  const { method } = request;
  let caller: Caller;
  try {
    const { authenticator } = deps;
    const question = { authenticator, request, resource: "mcp", origin, context } as const;
    const known = knownCaller(question) ?? (await requireCaller(question));
    caller = inAccount(known, accountIn(exchange));
  } catch (error) {
    return refuseCaller(error, request, origin);
  }
  if (method === "HEAD") return new Response(null, { status: 200 });
  if (exchange.mode === "unknown") {
    return refusal(400, `Bad request: "mode" is none of ${LIST_MODES.join(", ")}`);
  }
  switch (method) {
    case "POST":
      return handlePost(exchange, caller);
    case "GET":
      return handleGet(exchange, caller);
    case "DELETE":
      return handleDelete(exchange, caller);
    default:
      return new Response(null, { status: 405, headers: { allow: ALLOWED_METHODS } });
  }
}

const ALLOWED_METHODS = "POST, GET, DELETE, HEAD, OPTIONS";

function refuseCaller(error: unknown, request: Request, origin: string): Response {
  const known = asGatewayError(error);
  if (known.code !== "unauthorized" && known.code !== "forbidden") {
    const response = jsonReply(failureReply(null, known));
    if (known.retryAfter !== undefined)
      response.headers.set("retry-after", String(known.retryAfter));
    return response;
  }
  const headers = challengeHeaders(known, { request, resource: "mcp", origin });
  // Who knocks without a credential learns where to get one, and nothing else.
  if (!request.headers.has("authorization")) return new Response(null, { status: 401, headers });
  // Clients that do not know OAuth show people the body alone.
  const response = jsonReply(failureReply(null, known));
  for (const [name, value] of Object.entries(headers)) response.headers.set(name, value);
  return response;
}

function refusal(status: number, message: string): Response {
  return jsonReply({ text: failureText(null, new RpcFailure(status, -32600, message)), status });
}
