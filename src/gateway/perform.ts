import type { Caller } from "../auth/caller.ts";
import { LeaseLost, type Lease } from "../backends/lease.ts";
import type { LeaseSource } from "../backends/lease-source.ts";
import type { BackendOrder } from "../config/backend-order.ts";
import type { SnapshotData } from "../config/registry.ts";
import { GatewayError } from "../core/errors.ts";
import type { BackendName } from "../core/ids.ts";
import type { Answer } from "../core/json-rpc.ts";
import type { AuditOutcome } from "../telemetry/audit-event.ts";
import type { AuditTrail } from "../telemetry/audit-trail.ts";
import { findTarget, type Target } from "./find-target.ts";
import type { CallContext, ForwardedRequest } from "./gateway.ts";
import type { InFlight } from "./limits.ts";
import { unknownBackend, type HeldView, type Views } from "./views.ts";

export type PerformDeps = Readonly<{
  views: Views;
  leases: LeaseSource;
  /** Sends one request under a lease; the only step that leaves the isolate on the direct lane. */
  send: (
    lease: Lease,
    request: ForwardedRequest,
    target: Target,
    context: CallContext,
  ) => Promise<Answer>;
  inFlight: InFlight;
  audit: AuditTrail;
  now: () => number;
}>;

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
  const { target, order, sessionful } = await find(deps, caller, request, context);
  deps.inFlight.enter(caller.credentialId);
  let outcome: AuditOutcome = "failed";
  try {
    const answer = await run(deps, { caller, request, context, target, order, sessionful });
    outcome = outcomeOf(answer);
    return answer;
  } catch (error) {
    if (error instanceof GatewayError && error.code === "cancelled") outcome = "cancelled";
    throw error;
  } finally {
    deps.inFlight.leave(caller.credentialId);
    deps.audit.record(
      {
        at: started,
        requestId: context.requestId,
        credentialId: caller.credentialId,
        userId: caller.userId,
        method: request.method,
        backend: target.backend,
        target: target.label,
        outcome,
        ms: deps.now() - started,
      },
      context,
    );
  }
}

type Found = Readonly<{ target: Target; order: BackendOrder; sessionful: boolean }>;

async function find(
  deps: PerformDeps,
  caller: Caller,
  request: ForwardedRequest,
  context: CallContext,
): Promise<Found> {
  const held =
    deps.views.held(caller, request.scope, context) ??
    (await deps.views.find(caller, request.scope, context));
  const target = findTarget(held.view, request);
  return { target, ...orderOf(held, target.backend) };
}

function orderOf({ snapshot }: HeldView, backend: BackendName): Omit<Found, "target"> {
  const order = backendOrder(snapshot, backend);
  if (order === undefined) throw unknownBackend(backend);
  return { order, sessionful: snapshot.reports[backend]?.sessionful ?? false };
}

export function backendOrder(
  snapshot: SnapshotData,
  backend: BackendName,
): BackendOrder | undefined {
  const config = snapshot.config.backends.find(({ name }) => name === backend);
  if (config === undefined) return undefined;
  return { config, configVersion: snapshot.configVersion, privateOrigins: snapshot.privateOrigins };
}

/** A lost lease means the request was not run: once more under a fresh one, whatever the tool does. */
async function run(
  deps: PerformDeps,
  call: Found & { caller: Caller; request: ForwardedRequest; context: CallContext },
): Promise<Answer> {
  const { caller, request, context, target, order, sessionful } = call;
  const lease =
    deps.leases.held(order, caller.userId, sessionful) ??
    (await deps.leases.lease(order, caller.userId, sessionful));
  try {
    return await deps.send(lease, request, target, context);
  } catch (error) {
    if (!(error instanceof LeaseLost)) throw error;
    await deps.leases.drop(lease, order, caller.userId);
  }
  const fresh = await deps.leases.lease(order, caller.userId, sessionful);
  try {
    return await deps.send(fresh, request, target, context);
  } catch (error) {
    if (!(error instanceof LeaseLost)) throw error;
    throw new GatewayError(
      "backend_unavailable",
      `Cannot call "${target.label}": backend "${target.backend}" ${
        error.reason === "session"
          ? "forgets its sessions at once"
          : "refuses the gateway's credentials"
      }`,
      { cause: error },
    );
  }
}

function outcomeOf(answer: Answer): AuditOutcome {
  const message = answer.message();
  if ("error" in message) return "rpc_error";
  return message.result["isError"] === true ? "tool_error" : "ok";
}
