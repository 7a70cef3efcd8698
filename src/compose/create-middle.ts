import { permitsModel } from "../auth/access.ts";
import type { Caller } from "../auth/caller.ts";
import type { BuiltinIo } from "../backends/builtin.ts";
import { createLeaseSource } from "../backends/lease-source.ts";
import { sendNotification, sendRequest } from "../backends/send.ts";
import { DEFAULT_MODEL_HEADER } from "../core/default-model.ts";
import { wayOut } from "../core/way-out.ts";
import { SEARCH_NAME } from "../catalog/search-stub.ts";
import { asRegistry } from "../config/registry-client.ts";
import { REGISTRY_NAME } from "../config/registry-object.ts";
import { createSnapshotSource, type SnapshotSource } from "../config/snapshot.ts";
import { onInternalError } from "../core/errors.ts";
import { gatewayHopId } from "../core/hop.ts";
import { redactText } from "../core/redact.ts";
import { createSeal } from "../core/seal.ts";
import { createGateway } from "../gateway/create-gateway.ts";
import { createToolFinder } from "../gateway/find-tools.ts";
import type { CallContext, ClientPort } from "../gateway/gateway.ts";
import { createLimitGate } from "../gateway/limit-gate.ts";
import { createInFlight } from "../gateway/limits.ts";
import { createListingCache } from "../gateway/listing-cache.ts";
import type { PerformDeps } from "../gateway/perform.ts";
import { createPersonalStates } from "../gateway/personal-states.ts";
import { createViews } from "../gateway/views.ts";
import { createLanguageModels } from "../llm/create-language-models.ts";
import type { LanguageModels } from "../llm/language-models.ts";
import type { CallerDeps } from "../mcp/caller-object.ts";
import { createRequestStates } from "../mcp/request-state.ts";
import { createTaskNames } from "../mcp/task-names.ts";
import { createSlips } from "../mcp/create-slips.ts";
import { AUDIT_NAME } from "../telemetry/audit-object.ts";
import { type AuditTrail, createAuditTrail } from "../telemetry/audit-trail.ts";
import { callPoints } from "../telemetry/call-points.ts";
import { createLog, type Log } from "../telemetry/log.ts";
import { createTraces, type FindTrace } from "../telemetry/trace-context.ts";
import type { Env } from "./environment.ts";
import { MAX_LOGGED } from "./max-logged.ts";

/** What every surface and the callers' objects stand on. */
export type Middle = CallerDeps &
  Readonly<{
    log: Log;
    snapshots: SnapshotSource;
    llm: LanguageModels;
    audit: AuditTrail;
    trace: FindTrace;
  }>;

/** Once per isolate; stubs of objects are made per request, because they belong to the request that made them. */
export function createMiddle(env: Env, waitUntil: (work: Promise<unknown>) => void): Middle {
  const now = Date.now;
  const log = createLog(env.LOG_LEVEL, (line) => console.log(line)); // oxlint-disable-line no-console
  onInternalError((id, detail) =>
    log.error("internal error", { id, detail: redactText(detail, MAX_LOGGED) }),
  );
  const registry = () => asRegistry(env.REGISTRY.getByName(REGISTRY_NAME));
  const trace = createTraces({ log, invent: env.LOG_LEVEL === "debug" });
  const backend = (name: string) => env.BACKENDS.getByName(name);
  const fetchBackend = wayOut(env);

  const snapshots = createSnapshotSource(registry, now);
  const listings = createListingCache({ fetchListing: (name) => backend(name).listing(), sleep });
  const personal = createPersonalStates({
    room: (user) => env.LOGINS.getByName(user),
    fetchListing: (object) => backend(object).listing(),
    now,
    sleep,
  });
  const views = createViews({ snapshots, listings, personal, now, sleep });
  const llm = createLanguageModels({
    snapshots,
    variables: { ...env },
    fetch: fetchBackend,
    hopId: () => gatewayHopId(env.ENCRYPTION_KEY),
    trace,
    now,
    random: Math.random,
  });
  const modelsFor = (caller: Caller, context: CallContext): Required<BuiltinIo>["llm"] => ({
    models: llm,
    mayUse: (id) => permitsModel(caller, id),
    defaultModel: context.headers?.get(DEFAULT_MODEL_HEADER) ?? undefined,
    requestId: context.requestId,
  });
  const leases = createLeaseSource({ stub: backend, waitUntil, now });
  const audit = createAuditTrail({
    store: () => env.AUDIT.getByName(AUDIT_NAME),
    keep: async (context) => (await snapshots.current(context)).config.audit,
    alsoTell: env.ANALYTICS === undefined ? undefined : callPoints(env.ANALYTICS),
    sleep,
    log: (line) => log.warn(line),
  });
  const gateway = createGateway({
    snapshots,
    views,
    leases,
    send: ({ caller, lease, object, request, target, passed }, context) =>
      sendRequest(
        lease,
        {
          id: request.id,
          method: request.method,
          params: target.params,
          ...(target.tool === undefined ? {} : { tool: target.tool.tool }),
          ...(request.client === undefined ? {} : { capabilities: request.client.capabilities }),
        },
        {
          fetch: fetchBackend,
          object: () => backend(object),
          userId: caller.userId,
          ...(lease.lane === "builtin" ? { llm: modelsFor(caller, context) } : {}),
          signal: context.signal,
          after: context.after,
          alone: context.alone === true,
          passed,
          waitUntil: context.waitUntil,
          now,
          onChanges: (notices) =>
            context.waitUntil(
              backend(object)
                .changed(notices)
                .catch(() => {}), // lists are looked at every minute anyway
            ),
          ...(request.notify === undefined ? {} : { notify: request.notify }),
          ...(request.client?.ask === undefined ? {} : { ask: request.client.ask }),
          ...listenersOf(request.client),
        },
      ),
    tell: ({ lease, object, notification }) =>
      sendNotification(lease, notification, {
        fetch: fetchBackend,
        object: () => backend(object),
      }),
    noticeFailure: (name, context) =>
      context.waitUntil(
        backend(name)
          .refresh()
          .catch(() => {}),
      ),
    kept: (caller, ask) => env.CALLERS.getByName(caller.userId).kept(ask),
    link: createLink(env.PUBLIC_URL),
    needScope: ({ user, backend: name, account, scope }, context) =>
      context.waitUntil(
        env.LOGINS.getByName(user)
          .needScope(name, account, scope)
          .catch(() => {}), // the next call asks again
      ),
    findTools: createToolFinder(() => env.SEARCH.getByName(SEARCH_NAME)),
    inFlight: createInFlight(),
    trace,
    limits: createLimitGate({ stub: (subject) => env.LIMITS.getByName(subject), now }),
    audit,
    now,
  });
  const states = createRequestStates(createSeal(env.ENCRYPTION_KEY, "request-state"), now);
  return {
    log,
    snapshots,
    llm,
    slips: createSlips((userId) => env.CALLERS.getByName(userId)),
    trace,
    audit,
    gateway,
    states,
    taskNames: createTaskNames(createSeal(env.ENCRYPTION_KEY, "backend-task")),
    backend,
    watch: async (change) => {
      const newest = await registry().watch(change);
      if (newest !== change) snapshots.expire();
      return newest;
    },
  };
}

function listenersOf(
  client: ClientPort | undefined,
): Pick<ClientPort, "onStreamClosed" | "onUndeclared"> {
  return {
    ...(client?.onStreamClosed === undefined ? {} : { onStreamClosed: client.onStreamClosed }),
    ...(client?.onUndeclared === undefined ? {} : { onUndeclared: client.onUndeclared }),
  };
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

/** Where links to our pages lead: to the public address, else to where the caller found us. */
function createLink(publicUrl: string | undefined): PerformDeps["link"] {
  const known = publicUrl === undefined ? null : URL.parse(publicUrl);
  return (path, context) => {
    const origin = known?.origin ?? context.origin;
    return origin === undefined ? undefined : origin + path;
  };
}
