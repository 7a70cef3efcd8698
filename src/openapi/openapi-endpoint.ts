import type { SnapshotData } from "../config/registry.ts";
import { GiveUp } from "../core/call-signal.ts";
import { asGatewayError, GatewayError } from "../core/errors.ts";
import type { BackendName } from "../core/ids.ts";
import { PATIENCE_MS } from "../core/patience.ts";
import { ALL, type CallContext, type Scope } from "../gateway/gateway.ts";
import { HOUSE } from "../gateway/house-tool.ts";
import { challengeHeaders } from "../http/challenge.ts";
import { ANY_ORIGIN, answerPreflight, isPreflight, withCors } from "../http/cors.ts";
import { requireOwnOrigin } from "../http/own-origin.ts";
import { problemHeaders, statusOf } from "../http/problem.ts";
import { docsPage } from "./docs-page.ts";
import { signInPage } from "./docs-sign-in.ts";
import { readArguments } from "./read-arguments.ts";
import { restCaller } from "./rest-caller.ts";
import { restDocument } from "./rest-document.ts";
import { restErrorResponse } from "./rest-errors.ts";
import type { OpenapiNeeds, RestExchange } from "./rest-exchange.ts";
import { readRestPath, type RestNames, type RestPlace, type ToolHome } from "./rest-path.ts";
import { toRestReply } from "./rest-reply.ts";

export type OpenapiEndpoint = (
  request: Request,
  path: string,
  context: CallContext,
) => Promise<Response>;

/** REST as mcpo serves it: every path that no other surface has. */
export function createOpenapiEndpoint(needs: OpenapiNeeds): OpenapiEndpoint {
  return async (request, path, context) => {
    if (isPreflight(request)) return answerPreflight(request, ANY_ORIGIN);
    return withCors(await answerRest(needs, { request, path, context }), request, ANY_ORIGIN);
  };
}

/** Somebody with a browser, who can be asked for a key in a form. */
function isNavigation({ method, headers }: Request): boolean {
  return method === "GET" && (headers.get("accept") ?? "").includes("text/html");
}

type Asked = Readonly<{ request: Request; path: string; context: CallContext }>;

async function answerRest(needs: OpenapiNeeds, asked: Asked): Promise<Response> {
  const { request, path, context } = asked;
  try {
    const origin = requireOwnOrigin(needs.ownOrigin, request);
    const { authenticator, gateway, snapshots } = needs;
    const caller = await restCaller({ authenticator, request, origin, context });
    const snapshot = snapshots.peek(context) ?? (await snapshots.current(context));
    const { openapi: config } = snapshot.config;
    const isPost = request.method === "POST";
    const place = readRestPath(path, { config, names: namesOf(snapshot), isPost });
    if (place === undefined)
      throw new GatewayError("not_found", `Cannot find ${path.slice(0, 200)}`);
    const compat = config.compat === "mcpo";
    return await answerPlace({ gateway, request, caller, context, config, compat }, place);
  } catch (thrown) {
    const error = asGatewayError(thrown);
    const origin = needs.ownOrigin(request) ?? new URL(request.url).origin;
    const { requestId } = context;
    const headers = challengeHeaders(error, { request, resource: "v1", origin });
    if (error.code === "unauthorized" && isNavigation(request)) {
      return await signInPage({
        problem: request.headers.has("authorization") ? error.message : undefined,
        status: statusOf(error.code),
        headers: { ...problemHeaders(error, requestId), ...headers },
      });
    }
    return restErrorResponse(error, { requestId, compat: false, headers });
  }
}

async function answerPlace(exchange: RestExchange, place: RestPlace): Promise<Response> {
  switch (place.kind) {
    case "document":
      return Response.json(await restDocument(exchange, place.backend));
    case "docs":
      return answerDocs(exchange, place.backend);
    case "tool":
      return callTool(exchange, place.home, place.name);
    case "features":
    case "system":
    case "resources":
    case "prompts":
      throw new GatewayError("not_found", "Cannot find this");
    default:
      return place satisfies never;
  }
}

async function answerDocs(
  exchange: RestExchange,
  backend: BackendName | undefined,
): Promise<Response> {
  const { gateway, caller, context, request } = exchange;
  const [document, states] = await Promise.all([
    restDocument(exchange, backend),
    gateway.status(caller, context),
  ]);
  return docsPage({ document, backend, states, signedIn: request.headers.has("authorization") });
}

async function callTool(exchange: RestExchange, home: ToolHome, name: string): Promise<Response> {
  const { gateway, caller, request } = exchange;
  const scope: Scope = home === HOUSE ? ALL : { kind: "one", backend: home };
  const { requestId, waitUntil, after } = exchange.context;
  const signal = new GiveUp();
  // The platform's signal costs on every request and only ever tells of slow ones.
  after(PATIENCE_MS, () => request.signal.addEventListener("abort", () => signal.abort()));
  const { headers } = request;
  const context: CallContext = { requestId, waitUntil, after, signal, headers, alone: true };
  const tool = await gateway.tool(caller, scope, name, context);
  if (tool === undefined || (tool.backend === HOUSE) !== (home === HOUSE)) {
    throw new GatewayError(
      "not_found",
      `Cannot call tool "${name.slice(0, 120)}": there is no such tool`,
    );
  }
  const args = await readArguments({ ...exchange, context }, tool);
  const answer = await gateway.forward(
    caller,
    { method: "tools/call", scope, id: 1, params: { name, arguments: args } },
    context,
  );
  return toRestReply(answer, tool, exchange);
}

/** The same for every request under one snapshot. */
const names = new WeakMap<SnapshotData, RestNames>();

function namesOf(snapshot: SnapshotData): RestNames {
  const held = names.get(snapshot);
  if (held !== undefined) return held;
  const made = new Map<string, BackendName>();
  for (const { name, alias } of snapshot.config.backends) {
    if (alias !== undefined) made.set(alias, name);
  }
  // Ours last: a name that is somebody's own is nobody else's alias.
  for (const { name } of snapshot.config.backends) made.set(name, name);
  names.set(snapshot, made);
  return made;
}
