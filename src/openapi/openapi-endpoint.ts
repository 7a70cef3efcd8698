import type { OpenapiConfig } from "../config/openapi-config.ts";
import type { SnapshotData } from "../config/registry.ts";
import { inAccount } from "../auth/in-account.ts";
import { asGatewayError, GatewayError } from "../core/errors.ts";
import { HOP_HEADER, hopProblem } from "../core/hop.ts";
import type { BackendName } from "../core/ids.ts";
import type { CallContext } from "../gateway/gateway.ts";
import {
  ANY_ORIGIN,
  answerPreflight,
  type CorsPolicy,
  isPreflight,
  setCors,
} from "../http/cors.ts";
import { requireOwnOrigin } from "../http/own-origin.ts";
import { problemHeaders, statusOf } from "../http/problem.ts";
import { answerMethod } from "./answer-method.ts";
import { signInPage } from "./docs-sign-in.ts";
import {
  acceptsHtml,
  presentsCredential,
  PUBLIC_READER,
  restCaller,
  restChallenge,
} from "./rest-caller.ts";
import { restErrorResponse } from "./rest-errors.ts";
import type { OpenapiNeeds } from "./rest-exchange.ts";
import { type RestNames, type RestPlace, readRestPath } from "./rest-path.ts";
import { RestRefusal } from "./rest-refusal.ts";

export type OpenapiEndpoint = (
  request: Request,
  path: string,
  context: CallContext,
) => Promise<Response>;

type Asked = Readonly<{ request: Request; path: string; context: CallContext }>;

/** REST as mcpo serves it: every path that no other surface has. */
export function createOpenapiEndpoint(needs: OpenapiNeeds): OpenapiEndpoint {
  return async (request, path, context) => {
    const snapshot = needs.snapshots.peek(context) ?? (await readSnapshot(needs, context));
    const policy =
      snapshot instanceof GatewayError ? ANY_ORIGIN : corsPolicyOf(snapshot.config.openapi);
    const { method } = request;
    // Before the credential: a preflight never carries one.
    if (method === "OPTIONS" && isPreflight(request)) return answerPreflight(request, policy);
    const response =
      snapshot instanceof GatewayError
        ? restErrorResponse(snapshot, { requestId: context.requestId, compat: false })
        : await answerRest(needs, { request, path, context }, snapshot);
    setCors(response.headers, request, policy);
    // The same answer without its body (RFC 9110 section 9.3.2).
    return method === "HEAD" ? new Response(null, response) : response;
  };
}

async function readSnapshot(
  { snapshots }: OpenapiNeeds,
  context: CallContext,
): Promise<SnapshotData | GatewayError> {
  try {
    return await snapshots.current(context);
  } catch (thrown) {
    return asGatewayError(thrown);
  }
}

async function answerRest(
  needs: OpenapiNeeds,
  { request, path, context }: Asked,
  snapshot: SnapshotData,
): Promise<Response> {
  const { openapi: config } = snapshot.config;
  const query = readQuery(request.url);
  const compat = wantsMcpo(query, config);
  try {
    const hops = request.headers.get(HOP_HEADER);
    if (hops !== null) await refuseLoop(needs, hops);
    const origin = requireOwnOrigin(needs.ownOrigin, request);
    const place = readRestPath(path, { config, names: namesOf(snapshot) });
    const { gateway, authenticator } = needs;
    const caller =
      isOpen(place, request, config) && !presentsCredential(request)
        ? PUBLIC_READER
        : await restCaller({ authenticator, request, origin, context, isPage: tells(place) });
    const exchange = {
      gateway,
      request,
      path,
      query,
      caller: inAccount(caller, place.account),
      context,
      config,
      compat,
    };
    return await answerMethod(exchange, place);
  } catch (thrown) {
    const error = asGatewayError(thrown);
    const { requestId } = context;
    const headers = restChallenge(error, request);
    if (error.code !== "unauthorized" || !isNavigation(request)) {
      return restErrorResponse(error, { requestId, compat, headers });
    }
    return await signInPage({
      problem: presentsCredential(request) ? error.message : undefined,
      status: statusOf(error.code),
      isFront: path === "/",
      headers: { ...problemHeaders(error, requestId), ...headers },
    });
  }
}

/** Somebody with a browser, who can be asked for a key in a form. */
function isNavigation(request: Request): boolean {
  return request.method === "GET" && acceptsHtml(request);
}

/** What the owner may open to everybody: what tells of tools, nothing that reaches a backend. */
function isOpen(place: RestPlace, { method }: Request, config: OpenapiConfig): boolean {
  return config.publicDocuments && (method === "GET" || method === "HEAD") && tells(place);
}

/** What is read there comes from what the gateway has listed. */
function tells({ page }: RestPlace): boolean {
  return page !== undefined && page.kind !== "resources" && page.kind !== "prompts";
}

/** Only where there is a query: reading one costs. */
function readQuery(url: string): URLSearchParams | undefined {
  const start = url.indexOf("?");
  return start === -1 ? undefined : new URLSearchParams(url.slice(start + 1));
}

function wantsMcpo(query: URLSearchParams | undefined, config: OpenapiConfig): boolean {
  const asked = query?.get("compat");
  if (asked === "mcpo") return true;
  return config.compat === "mcpo" && asked !== "none";
}

/** A gateway that is configured as its own backend would call itself for ever. */
async function refuseLoop({ hopId }: OpenapiNeeds, hops: string): Promise<void> {
  const loop = hopProblem(hops, await hopId());
  if (loop === undefined) return;
  throw new RestRefusal("backend_unavailable", `Cannot answer: ${loop}`, { status: 508 });
}

function corsPolicyOf({ allowedOrigins }: OpenapiConfig): CorsPolicy {
  if (allowedOrigins === undefined) return ANY_ORIGIN;
  return { kind: "listed", isAllowed: (origin) => allowedOrigins.includes(origin) };
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
