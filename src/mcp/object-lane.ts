import { canBeAsked } from "../backends/check-question.ts";
import { isEventStream } from "../backends/read-answer.ts";
import type { Caller } from "../auth/caller.ts";
import { DEFAULT_MODEL_HEADER } from "../core/default-model.ts";
import type { Era } from "../core/era.ts";
import type { HeaderForwarding } from "../config/gateway-config.ts";
import { GatewayError } from "../core/errors.ts";
import { isJsonObject } from "../core/json.ts";
import type { RpcRequest } from "../core/json-rpc.ts";
import { forwardedHeaders } from "../gateway/forwarded-headers.ts";
import type { ForwardedMethod, Whereabouts } from "../gateway/gateway.ts";
import type { CallHop, ClientMessage, SessionInfo } from "./caller-stub.ts";
import { declaredCapabilities } from "./client-capabilities.ts";
import { acceptsStream, type Exchange } from "./exchange.ts";
import { isBackendTask } from "./task-names.ts";
import { TASK_METHODS } from "./task-wire.ts";
import { inMode } from "./asked-mode.ts";
import { whileValid } from "./while-valid.ts";
import { type Trace, withTraceHeaders } from "../telemetry/trace-context.ts";

type Asked = Readonly<{
  caller: Caller;
  era: Era;
  request: RpcRequest;
  /** Of a legacy client. */
  session: SessionInfo | undefined;
}>;

/** Why and how a request runs in the caller's object. */
type Lane = Pick<CallHop, "session" | "held" | "detachAfterMs"> &
  Readonly<{
    /** Which headers of the client the backend is passed. */
    forwarding: HeaderForwarding | undefined;
  }>;

const PLAIN: Lane = {
  session: undefined,
  held: undefined,
  detachAfterMs: undefined,
  forwarding: undefined,
};

/** What a backend may answer with a question (MCP 2026-07-28, server/utilities/mrtr). */
const ASKING: ReadonlyMap<string, ForwardedMethod> = new Map(
  (["tools/call", "prompts/get", "resources/read"] as const).map((method) => [method, method]),
);

/** What changes the session itself. */
const OF_THE_SESSION: ReadonlySet<string> = new Set([
  "logging/setLevel",
  "resources/subscribe",
  "resources/unsubscribe",
]);

/** Of a legacy client without a session. */
const WATCHING: ReadonlySet<string> = new Set(["resources/subscribe", "resources/unsubscribe"]);
const LISTEN = "subscriptions/listen";

/** A caller asks for what the config of a backend may order: `true`, or after how many seconds. */
const DETACH_KEY = "mcp-edge-gateway/detach";
const DEFAULT_DETACH_MS = 20_000;
const MAX_DETACH_MS = 300_000;

/**
 * Whether a request runs in the caller's object, because a question may have to wait there for its
 * answer, or the call may outlive its client; undefined, and nothing awaited, for everything that
 * the Worker answers by itself, which is nearly everything.
 */
export function chooseObject(
  exchange: Exchange,
  asked: Asked,
): Lane | undefined | Promise<Lane | undefined> {
  const { request, session, era } = asked;
  if (OF_THE_SESSION.has(request.method) && session !== undefined) {
    return { ...PLAIN, session: session.id };
  }
  if (era === "legacy" ? WATCHING.has(request.method) : goesOnHere(request)) return PLAIN;
  const method = ASKING.get(request.method);
  if (method === undefined) return undefined;
  if (era === "modern" && request.params?.["requestState"] !== undefined) {
    return goOn(exchange, asked, method);
  }
  const where = findWhereabouts(exchange, asked, method);
  return where instanceof Promise
    ? where.then((found) => laneTo(asked, found))
    : laneTo(asked, where);
}

/** What is about things that go on between the requests of a modern client. */
function goesOnHere({ method, params }: RpcRequest): boolean {
  if (method === LISTEN) return true;
  return TASK_METHODS.has(method) && !isBackendTask(params?.["taskId"]);
}

/** The call that the client goes on with, where its state names one of ours. */
async function goOn(
  exchange: Exchange,
  asked: Asked,
  method: ForwardedMethod,
): Promise<Lane | undefined> {
  const { caller, request } = asked;
  const { deps, scope } = exchange;
  const params = request.params ?? {};
  const state = await deps.states.open({ caller, scope, method, params }, params["requestState"]);
  const where = await findWhereabouts(exchange, asked, method);
  // Of what its caller may not call any more, nothing that was begun goes on with their word.
  if (state.kind !== "held" || where === undefined) return laneTo(asked, where);
  return { ...PLAIN, held: state.handle, detachAfterMs: detachTime(asked, where) };
}

/** Undefined for what is not there: answering the request says so. */
function findWhereabouts(
  { deps, scope, context }: Exchange,
  { caller, request }: Asked,
  method: ForwardedMethod,
): Whereabouts | undefined | Promise<Whereabouts | undefined> {
  try {
    const located = { method, scope, params: request.params ?? {} };
    const where = deps.gateway.locate(caller, located, context);
    return where instanceof Promise ? where.catch(ignoreRefusal) : where;
  } catch (error) {
    return ignoreRefusal(error);
  }
}

function ignoreRefusal(error: unknown): undefined {
  if (!(error instanceof GatewayError)) throw error;
}

function laneTo(asked: Asked, where: Whereabouts | undefined): Lane | undefined {
  const { session, era, request } = asked;
  const detachAfterMs = detachTime(asked, where);
  const forwarding = where?.order?.config.forwardHeaders;
  if (session !== undefined && (session.interactive || detachAfterMs !== undefined)) {
    return { ...PLAIN, session: session.id, detachAfterMs, forwarding };
  }
  const mayAsk =
    era === "modern" &&
    where?.era === "legacy" &&
    where.sessionful &&
    canBeAsked(declaredCapabilities(request));
  if (!mayAsk && detachAfterMs === undefined) return undefined;
  return { ...PLAIN, detachAfterMs, forwarding };
}

function detachTime({ request }: Asked, where: Whereabouts | undefined): number | undefined {
  if (request.method !== "tools/call" || where === undefined) return undefined;
  const meta = request.params?.["_meta"];
  const wanted = isJsonObject(meta) ? meta[DETACH_KEY] : undefined;
  if (wanted === true) return where.detachAfterMs ?? DEFAULT_DETACH_MS;
  if (typeof wanted === "number" && wanted >= 0) return Math.min(wanted * 1_000, MAX_DETACH_MS);
  return where.detachAfterMs;
}

export async function runInObject(
  exchange: Exchange,
  { caller, era, request, forwarding, ...lane }: Omit<Asked, "session"> & Lane,
): Promise<Response> {
  const { deps, scope, context } = exchange;
  const { headers } = exchange.request;
  const stub = deps.callers(caller.userId);
  const { signal } = exchange.request;
  // Sooner than by a write to a closed stream, which takes two to be noticed through an object.
  const leave = (): void => context.waitUntil(stub.leave(context.requestId).catch(() => {}));
  if (lane.session === undefined && request.method !== LISTEN)
    signal.addEventListener("abort", leave);
  const response = await stub.call({
    ...lane,
    caller,
    scope,
    era,
    request,
    headers: Object.fromEntries([...headers].filter(([name]) => name.startsWith("mcp-"))),
    passed: passedHeaders(forwarding, headers, deps.trace(context)),
    acceptsStream: acceptsStream(headers),
    requestId: context.requestId,
  });
  // A signal also fires when a finished request is torn down.
  if (!isEventStream(response)) signal.removeEventListener("abort", leave);
  if (request.method !== LISTEN) return response;
  // A subscription has no end of its own.
  return whileValid(exchange, caller, response, (fresh) => inMode(fresh, exchange.mode));
}

/** What the call's backend is passed, and what our own built-in server reads. */
function passedHeaders(
  forwarding: HeaderForwarding | undefined,
  headers: Headers,
  trace: Trace | undefined,
): Headers | undefined {
  const forwarded = forwarding === undefined ? undefined : forwardedHeaders(forwarding, headers);
  const passed = trace === undefined ? forwarded : withTraceHeaders(forwarded, trace);
  const model = headers.get(DEFAULT_MODEL_HEADER);
  if (model === null) return passed;
  const withModel = new Headers(passed);
  withModel.set(DEFAULT_MODEL_HEADER, model);
  return withModel;
}

export async function tellObject(
  { deps, scope }: Exchange,
  caller: Caller,
  session: string,
  message: ClientMessage,
): Promise<void> {
  await deps.callers(caller.userId).tell({ caller, scope, session, message });
}
