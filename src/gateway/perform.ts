import type { Caller } from "../auth/caller.ts";
import { answerInput } from "../backends/input-rounds.ts";
import { LeaseLost, type Lease, ScopeNeeded } from "../backends/lease.ts";
import { isPersonal, SHARED } from "../backends/login-names.ts";
import { objectName, type LeaseHolder, type LeaseSource } from "../backends/lease-source.ts";
import { actionOf } from "../backends/send.ts";
import { toExposedResult } from "../catalog/exposed-result.ts";
import type { BackendOrder } from "../config/backend-order.ts";
import type { SnapshotData } from "../config/registry.ts";
import { GatewayError, type ErrorCode } from "../core/errors.ts";
import type { BackendName, UserId } from "../core/ids.ts";
import { isJsonObject } from "../core/json.ts";
import type { Answer, RpcNotification, RpcResponse } from "../core/json-rpc.ts";
import type { AuditOutcome } from "../telemetry/audit-event.ts";
import type { AuditTrail } from "../telemetry/audit-trail.ts";
import { type FindTrace, type Trace, withTraceHeaders } from "../telemetry/trace-context.ts";
import { auditCall, type Ended, failedBy } from "./audit-call.ts";
import { requireApproval } from "./approval-rule.ts";
import { findTarget, type Target } from "./find-target.ts";
import type { ToolFinder } from "./find-tools.ts";
import { requireForwarded } from "./forwarded-headers.ts";
import type { CallContext, ForwardedRequest, LocatedRequest } from "./gateway.ts";
import type { KeptAsk, KeptState } from "./house-tool.ts";
import { type Admission, isLimited, type LimitGate } from "./limit-gate.ts";
import type { InFlight } from "./limits.ts";
import { findHouseTool, performHouseTool } from "./perform-house-tool.ts";
import { isLoginWanted, logInAnswer } from "./log-in-tool.ts";
import { pickAccount } from "./pick-account.ts";
import { unknownBackend, type HeldView, type Views } from "./views.ts";

export type PerformDeps = Readonly<{
  views: Views;
  leases: LeaseSource;
  /** Sends one request under a lease; the only step that leaves the isolate on the direct lane. */
  send: (sending: Sending, context: CallContext) => Promise<Answer>;
  /** Delivers a notification under a lease. */
  tell: (
    telling: Pick<Sending, "lease" | "object"> & Readonly<{ notification: RpcNotification }>,
  ) => Promise<void>;
  /** Has the backend's object look at it soon: a call has just failed there. */
  noticeFailure: (backend: BackendName, context: CallContext) => void;
  inFlight: InFlight;
  limits: LimitGate;
  audit: AuditTrail;
  trace: FindTrace;
  /** Asks after a call that goes on without its client. */
  kept: (caller: Caller, ask: KeptAsk) => Promise<KeptState>;
  findTools: ToolFinder;
  /** A path of ours as an address that people can open. */
  link: (path: string, context: CallContext) => string | undefined;
  /** A login is to be good for more. */
  needScope: (login: ScopeNeed, context: CallContext) => void;
  now: () => number;
}>;

/** What a backend refused a token for, and whose that is. */
export type ScopeNeed = Readonly<{
  user: UserId | typeof SHARED;
  backend: BackendName;
  account: string;
  scope: string;
}>;

export type Sending = Readonly<{
  caller: Caller;
  lease: Lease;
  /** The object that holds the connection, where the message goes through it. */
  object: string;
  request: ForwardedRequest;
  target: Target;
  /** Headers of the caller, where the backend is passed any. */
  passed: Headers | undefined;
}>;

/** Of a deadline nobody misses it. */
const SHORT_WAIT_MS = 1_000;

/** Failures that say something about the backend, not about the call. */
const BACKEND_TROUBLE: ReadonlySet<ErrorCode> = new Set([
  "backend_unavailable",
  "backend_offline",
  "backend_unauthorized",
  "backend_timeout",
  "backend_failed",
]);

/**
 * The way of every call, whatever the surface: find (what the caller may not see is not found, so
 * permitting is part of finding), limit, time and do (under the lease's deadline), record.
 */
export async function perform(
  deps: PerformDeps,
  caller: Caller,
  request: ForwardedRequest,
  context: CallContext,
): Promise<Answer> {
  const started = deps.now();
  const held =
    deps.views.held(caller, request.scope, context) ??
    (await deps.views.find(caller, request.scope, context));
  const house = findHouseTool(held.view, request);
  if (house !== undefined) {
    return performHouseTool(deps, house, {
      caller,
      request,
      context,
      held,
      config: held.snapshot.config.audit,
      forward: (inner) => perform(deps, caller, inner, context),
    });
  }
  const { target, order, sessionful, account } = placeOf(held, request);
  if (caller.approvals !== undefined && request.approved !== true) {
    requireApproval(caller.approvals, target.tool);
  }
  const trace = deps.trace(context);
  deps.inFlight.enter(caller.credentialId);
  let ended: Ended | undefined;
  let admission: Admission | undefined;
  try {
    if (isLimited(caller, order.config, request.method)) {
      const action = actionOf({ method: request.method, params: target.params });
      admission = await deps.limits.enter({ caller, config: order.config, action, context });
    }
    const waitedMs = admission?.waitedMs ?? 0;
    const call = { caller, request, context, target, order, sessionful, account, waitedMs, trace };
    const answered = await run(deps, call);
    const answer = request.scope.kind === "all" ? asExposed(answered, target.backend) : answered;
    ended = { outcome: outcomeOf(answer), answer };
    return answer;
  } catch (error) {
    ended = failedBy(error);
    if (error instanceof GatewayError && BACKEND_TROUBLE.has(error.code)) {
      deps.noticeFailure(target.backend, context);
    }
    throw error;
  } finally {
    admission?.leave();
    deps.inFlight.leave(caller.credentialId);
    auditCall(deps, {
      caller,
      request,
      context,
      backend: target.backend,
      target: target.label,
      started,
      ended: ended ?? failedBy(undefined),
      config: held.snapshot.config.audit,
      trace,
    });
  }
}

type Found = Readonly<{
  target: Target;
  order: BackendOrder;
  sessionful: boolean;
  /** Of the caller's accounts at the backend. */
  account?: string | undefined;
}>;

/** Where a request goes, and through which of the caller's accounts there. */
export function placeOf(held: HeldView, request: LocatedRequest): Found {
  const target = findTarget(held.view, request);
  const found = orderOf(held, target.backend);
  const picked = pickAccount(held.personal, target);
  if (picked === undefined) return { ...found, target };
  const { sessionful, account } = picked.state;
  return { ...found, target: picked.target, sessionful, account };
}

function orderOf(held: HeldView, backend: BackendName): Omit<Found, "target"> {
  const found = sharedOrderOf(held, backend);
  const own = held.personal?.states.get(backend);
  // Of a connection that is the caller's own, the shared report knows nothing.
  return own === undefined ? found : { ...found, sessionful: own.sessionful, account: own.account };
}

function sharedOrderOf({ snapshot }: HeldView, backend: BackendName): Omit<Found, "target"> {
  const known = orders.get(snapshot) ?? new Map<BackendName, Omit<Found, "target">>();
  orders.set(snapshot, known);
  const held = known.get(backend);
  if (held !== undefined) return held;
  const order = backendOrder(snapshot, backend);
  if (order === undefined) throw unknownBackend(backend);
  const found = { order, sessionful: snapshot.reports[backend]?.sessionful ?? false };
  known.set(backend, found);
  return found;
}

/** The same for every call under one snapshot, so it is made once. */
const orders = new WeakMap<SnapshotData, Map<BackendName, Omit<Found, "target">>>();

function backendOrder(snapshot: SnapshotData, backend: BackendName): BackendOrder | undefined {
  const config = snapshot.config.backends.find(({ name }) => name === backend);
  if (config === undefined) return undefined;
  return { config, configVersion: snapshot.configVersion, privateOrigins: snapshot.privateOrigins };
}

function clientOf({ client }: ForwardedRequest): Pick<LeaseHolder, "client"> {
  if (client?.connection === undefined) return {};
  return { client: { key: client.connection, capabilities: client.capabilities } };
}

/** A lost lease means the request was not run: once more under a fresh one, whatever the tool does. */
async function run(
  deps: PerformDeps,
  call: Found & {
    caller: Caller;
    request: ForwardedRequest;
    context: CallContext;
    /** For a seat at the backend: so much less is left for the call. */
    waitedMs: number;
    trace: Trace | undefined;
  },
): Promise<Answer> {
  const { caller, request, context, order, sessionful, account, waitedMs, trace } = call;
  const holder =
    account === undefined
      ? { userId: caller.userId, sessionful, ...clientOf(request) }
      : { userId: caller.userId, account, sessionful, ...clientOf(request) };
  const passed =
    trace === undefined
      ? passedOf(order, context)
      : withTraceHeaders(passedOf(order, context), trace);
  const send = async (given: Lease): Promise<Answer> => {
    const lease = inRestOf(given, waitedMs);
    const target =
      trace === undefined || lease.era === "legacy"
        ? call.target
        : withTraceMeta(call.target, trace);
    const object = objectName(order, { ...holder, sessionful: lease.sessionId !== undefined });
    const first = await deps.send({ caller, lease, object, request, target, passed }, context);
    const ask = request.client?.ask;
    if (ask === undefined || lease.era === "legacy") return first;
    return answerInput(first, {
      ask,
      signal: context.signal,
      action: `call "${target.label}"`,
      again: (members) => {
        const params = { ...target.params, ...members };
        return deps.send(
          { caller, lease, object, request, target: { ...target, params }, passed },
          context,
        );
      },
    });
  };
  const held = deps.leases.held(order, holder);
  try {
    const lease = held ?? (await deps.leases.lease(order, holder));
    try {
      return await send(lease);
    } catch (error) {
      if (!(error instanceof LeaseLost)) throw error;
      deps.leases.drop(lease, order, holder, error);
    }
    const fresh = await deps.leases.lease(order, holder);
    try {
      return await send(fresh);
    } catch (error) {
      if (error instanceof LeaseLost) deps.leases.drop(fresh, order, holder, error);
      throw error;
    }
  } catch (error) {
    if (error instanceof ScopeNeeded) {
      const { name: backend } = order.config;
      const user = isPersonal(order.config) ? caller.userId : SHARED;
      deps.needScope({ user, backend, account: account ?? "", scope: error.scope }, context);
    }
    if (isLoginWanted(order.config, error)) {
      const { name: backend } = order.config;
      const link = (path: string) => deps.link(path, context);
      return logInAnswer(request.id, { backend, caller, account, link });
    }
    if (!(error instanceof LeaseLost)) throw error;
    const [code, reason] =
      error.reason === "session"
        ? (["backend_unavailable", "forgets its sessions at once"] as const)
        : (["backend_unauthorized", "refuses the gateway's credentials"] as const);
    throw new GatewayError(
      code,
      `Cannot call "${call.target.label}": backend "${call.target.backend}" ${reason}`,
      { cause: error },
    );
  }
}

/** A lease is used as it is, and what belongs to it is kept with it, unless the wait was a long one. */
function inRestOf(lease: Lease, waitedMs: number): Lease {
  if (waitedMs < SHORT_WAIT_MS) return lease;
  return { ...lease, timeoutMs: Math.max(SHORT_WAIT_MS, lease.timeoutMs - waitedMs) };
}

/** Undefined, and nothing looked at, for the many backends that are passed no headers. */
function passedOf(
  { config: { forwardHeaders } }: BackendOrder,
  { headers }: CallContext,
): Headers | undefined {
  if (forwardHeaders === undefined || headers === undefined) return undefined;
  return requireForwarded(forwardHeaders, headers);
}

/** 2026-07-28, basic: where a request that is not alone in its connection says its trace. */
function withTraceMeta(target: Target, { traceparent, tracestate }: Trace): Target {
  const { _meta: given } = target.params;
  const meta = isJsonObject(given) ? given : {};
  // What the client itself says is nearer to the call.
  if (meta["traceparent"] !== undefined) return target;
  const said = { traceparent, ...(tracestate === undefined ? {} : { tracestate }) };
  return { ...target, params: { ...target.params, _meta: { ...meta, ...said } } };
}

function asExposed(answer: Answer, backend: BackendName): Answer {
  const text = toExposedResult(answer.text, backend);
  if (text === answer.text) return answer;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the same response, renamed
  return { text, message: () => JSON.parse(text) as RpcResponse };
}

function outcomeOf(answer: Answer): AuditOutcome {
  const message = answer.message();
  if ("error" in message) return "rpc_error";
  return message.result["isError"] === true ? "tool_error" : "ok";
}
