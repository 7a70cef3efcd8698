import { waitUntil } from "cloudflare:workers";
import { Hono } from "hono";
import { createAuditRoutes } from "./admin/audit-routes.ts";
import { createAdminPages } from "./admin/admin-pages.tsx";
import { createAdminRoutes } from "./admin/admin-routes.ts";
import { permitsModel } from "./auth/access.ts";
import type { Caller } from "./auth/caller.ts";
import { createAuthenticator } from "./auth/authenticate.ts";
import { createClientStore } from "./auth/client-store.ts";
import { createKeyStore, type KeyMirror } from "./auth/key-store.ts";
import { createOAuthServers, type OAuthRefusal } from "./auth/oauth-server.ts";
import { createMetricsDoor } from "./auth/metrics-door.ts";
import { createOwnerCheck } from "./auth/owner.ts";
import {
  recordingConfig,
  recordingGrants,
  recordingKeys,
  recordingSessions,
  recordingUsers,
} from "./auth/recorded-changes.ts";
import type { ClientKv } from "./auth/client-store.ts";
import type { KeyedTexts } from "./auth/oauth-kv.ts";
import { createStrongKv } from "./auth/strong-kv.ts";
import { createTokenValidator, type TokenJudge } from "./auth/token-validator.ts";
import { createConnectDoor } from "./auth/connect-door.ts";
import { OWNER_ID } from "./auth/user-id.ts";
import { createUserStore } from "./auth/user-store.ts";
import { createWebSessions } from "./auth/web-session.ts";
import { findUser, hasPeople } from "./auth/find-user.ts";
import { usableBackends } from "./auth/usable-backends.ts";
import { createInvitations } from "./auth/invitations.ts";
import { createProviderSignIn } from "./auth/provider-sign-in.ts";
import { createPasswordSignIn } from "./auth/password-sign-in.ts";
import { type Cleanup, createRemovePerson } from "./auth/remove-person.ts";
import type { GrantRoom } from "./auth/grant-object.ts";
import type { BuiltinIo } from "./backends/builtin.ts";
import type { BackendStub } from "./backends/backend-stub.ts";
import { createLogins } from "./backends/create-logins.ts";
import { createLeaseSource } from "./backends/lease-source.ts";
import { probeBackend } from "./backends/probe-backend.ts";
import type { LoginStub } from "./backends/login-stub.ts";
import { recordingLogins } from "./backends/recorded-logins.ts";
import { recordingVerdicts } from "./backends/recorded-verdicts.ts";
import { sendNotification, sendRequest } from "./backends/send.ts";
import { DEFAULT_MODEL_HEADER } from "./core/default-model.ts";
import { wayOut, type WayOut } from "./core/way-out.ts";
import { SEARCH_NAME, type SearchStub } from "./catalog/search-stub.ts";
import { announcing, asRegistry } from "./config/registry-client.ts";
import { REGISTRY_NAME } from "./config/registry-object.ts";
import type { RegistryRpc } from "./config/registry.ts";
import { isRouted } from "./config/route-words.ts";
import { renderNotThere } from "./pages/failure-page.tsx";
import { createSnapshotSource, type SnapshotSource } from "./config/snapshot.ts";
import { createConnectRoutes } from "./connect/connect-routes.ts";
import { onInternalError } from "./core/errors.ts";
import { gatewayHopId } from "./core/hop.ts";
import type { BackendName } from "./core/ids.ts";
import { redactText } from "./core/redact.ts";
import { createPatience } from "./core/patience.ts";
import { createSeal } from "./core/seal.ts";
import { createGateway } from "./gateway/create-gateway.ts";
import { createToolFinder } from "./gateway/find-tools.ts";
import {
  ALL,
  type CallContext,
  type ClientPort,
  type RequestContext,
  type Scope,
} from "./gateway/gateway.ts";
import { createLimitGate } from "./gateway/limit-gate.ts";
import type { LimitStub } from "./gateway/limit-stub.ts";
import { createInFlight } from "./gateway/limits.ts";
import { createListingCache } from "./gateway/listing-cache.ts";
import type { PerformDeps } from "./gateway/perform.ts";
import { createPersonalStates } from "./gateway/personal-states.ts";
import { createViews } from "./gateway/views.ts";
import { seeingPeople } from "./http/open-webui-person.ts";
import { createOwnOrigin, requireOwnOrigin } from "./http/own-origin.ts";
import { createLanguageModels } from "./llm/create-language-models.ts";
import type { LanguageModels } from "./llm/language-models.ts";
import type { CallerStub } from "./mcp/caller-stub.ts";
import type { CallerDeps } from "./mcp/caller-object.ts";
import { createMeRoutes } from "./me/me-routes.tsx";
import { createMcpEndpoint } from "./mcp/mcp-endpoint.ts";
import { createRequestStates } from "./mcp/request-state.ts";
import { createTaskNames } from "./mcp/task-names.ts";
import { createSlips } from "./mcp/create-slips.ts";
import type { TokenOffice } from "./oauth/oauth-needs.ts";
import { createOAuthRoutes } from "./oauth/oauth-routes.ts";
import { createOpenapiEndpoint } from "./openapi/openapi-endpoint.ts";
import { createOpenaiRoutes } from "./openai/openai-routes.ts";
import { reportStatus } from "./status/status-report.ts";
import { createMetricsRoutes } from "./status/metrics-routes.ts";
import { createStatusRoutes } from "./status/status-routes.ts";
import type { CalledBy } from "./telemetry/audit-event.ts";
import { AUDIT_NAME } from "./telemetry/audit-object.ts";
import type { AuditStore } from "./telemetry/audit-store.ts";
import { type AuditTrail, createAuditTrail, createRecordEvent } from "./telemetry/audit-trail.ts";
import { callPoints, type Dataset } from "./telemetry/call-points.ts";
import { createLog, type Log } from "./telemetry/log.ts";
import { createTraces, type FindTrace } from "./telemetry/trace-context.ts";

/** The bindings of wrangler.toml, and the variables and secrets the README lists. */
export type Env = WayOut &
  Readonly<{
    GATEWAY_KV: ClientKv & KeyMirror;
    REGISTRY: Objects<RegistryRpc>;
    BACKENDS: Objects<BackendStub>;
    GRANTS: Objects<KeyedTexts & TokenOffice & TokenJudge & GrantRoom>;
    AUDIT: Objects<AuditStore>;
    CALLERS: Objects<CallerStub>;
    LOGINS: Objects<LoginStub>;
    LIMITS: Objects<LimitStub>;
    SEARCH: Objects<SearchStub>;
    PUBLIC_URL?: string;
    OWNER_PASSWORD?: string;
    ENCRYPTION_KEY?: string;
    GATEWAY_API_KEY?: string;
    /** A key too short for GATEWAY_API_KEY; only the local command sets it. */
    LOOPBACK_API_KEY?: string;
    /** Only where the local command serves the gateway. */
    LOCAL_COMMAND_KEY?: string;
    LOG_LEVEL?: string;
    /** A dataset of Workers Analytics Engine, where the owner wants one. */
    ANALYTICS?: Dataset;
  }>;

/** A namespace of objects by what they answer; their classes are bound in wrangler.toml. */
type Objects<Rpc> = Readonly<{ getByName: (name: string) => Rpc }>;

/** A stack, without what would fill a log. */
const MAX_LOGGED = 4_000;

export type App = (request: Request, execution: ExecutionContext) => Promise<Response>;

/** `/mcp`, `/mcp/{backend}` and `/mcp/{backend}:{account}`, with or without a slash at the end. */
const MCP_PATH = /^\/mcp(?:\/([a-z][a-z0-9-]{0,30})(?::([a-z][a-z0-9-]{0,30}))?)?\/?$/;

/** What every surface and the callers' objects stand on. */
export type Middle = CallerDeps &
  Readonly<{
    log: Log;
    snapshots: SnapshotSource;
    llm: LanguageModels;
    audit: AuditTrail;
    trace: FindTrace;
  }>;

/** Once per isolate; see `createApp`. */
export function createMiddle(env: Env): Middle {
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

/**
 * The composition root, once per isolate: what lives here is caches and pure wiring. Stubs of
 * objects are made per request, because they belong to the request that made them.
 */
export function createApp(env: Env, middle: Middle): App {
  const { log, snapshots, gateway, llm, slips, states, taskNames } = middle;
  const now = Date.now;
  const hopId = () => gatewayHopId(env.ENCRYPTION_KEY);
  const ownOrigin = createOwnOrigin({ publicUrl: env.PUBLIC_URL });
  const registry = () => asRegistry(env.REGISTRY.getByName(REGISTRY_NAME));
  const recordEvent = createRecordEvent(middle.audit, { waitUntil, now });
  const ownerRegistry = () =>
    recordingConfig(announcing(registry(), snapshots.expire), recordEvent);

  const logRefusal = ({ code, status, reason }: OAuthRefusal): void =>
    log.info("oauth refusal", { code, status, reason });
  const servers = createOAuthServers(logRefusal);
  const oauthEnv = {
    OAUTH_KV: createStrongKv({
      grants: (name) => env.GRANTS.getByName(name),
      clients: createClientStore(env.GATEWAY_KV, registry, now),
      now,
    }),
  };
  const owner = createOwnerCheck({
    password: env.OWNER_PASSWORD,
    registry,
    onWrong: () => recordEvent({ kind: "sign_in_failed", userId: OWNER_ID, outcome: "failed" }),
    now,
  });
  const keys = recordingKeys(
    createKeyStore({ registry: ownerRegistry, mirror: env.GATEWAY_KV, now }),
    recordEvent,
  );
  const authenticator = seeingPeople(
    createAuthenticator({
      snapshots,
      keys,
      staticKey: env.GATEWAY_API_KEY,
      loopbackKey: env.LOOPBACK_API_KEY,
      validateToken: createTokenValidator((user) => env.GRANTS.getByName(user)),
      now,
    }),
    { snapshots, variables: env, now },
  );

  const users = recordingUsers(createUserStore({ registry: ownerRegistry, now }), recordEvent);
  const passwords = createPasswordSignIn({
    users,
    registry,
    onWrong: (userId) =>
      recordEvent({ kind: "sign_in_failed", userId: userId ?? "", outcome: "failed" }),
  });
  const invitations = createInvitations({ users, now });
  const providers = createProviderSignIn({
    users,
    invitations,
    snapshots,
    registry,
    variables: { ...env },
    encryptionKey: env.ENCRYPTION_KEY,
    fetch: wayOut(env),
    onRefusal: (refusal) => {
      log.warn("sign-in refused", refusal);
      const { provider: target } = refusal;
      recordEvent({ kind: "sign_in_failed", userId: "", target, outcome: "failed" });
    },
    now,
  });
  /** Of what is kept of a person besides keys and grants. */
  const cleanups: readonly Cleanup[] = [(user) => logins.forgetAll(user)];
  const removePerson = createRemovePerson({
    users,
    keys,
    grants: (user) => env.GRANTS.getByName(user),
    cleanups,
    onLeftover: (user, error) =>
      log.warn("left behind of a removed person", {
        user,
        detail: redactText(String(error), MAX_LOGGED),
      }),
  });
  const sessions = recordingSessions(
    createWebSessions({
      room: (user) => env.GRANTS.getByName(user),
      snapshots,
      originOf: (request) => requireOwnOrigin(ownOrigin, request),
      now,
    }),
    recordEvent,
  );
  const logins = recordingLogins(
    createLogins({
      room: (user) => env.LOGINS.getByName(user),
      snapshots,
      states: createSeal(env.ENCRYPTION_KEY, "login-state"),
      waitUntil,
    }),
    recordEvent,
  );
  const audit = () => env.AUDIT.getByName(AUDIT_NAME);
  const decided = (name: string) =>
    recordingVerdicts(
      env.BACKENDS.getByName(name),
      { backend: name, owner: OWNER_ID },
      recordEvent,
    );
  const grantsAt = (origin: string) =>
    recordingGrants(servers(origin).getOAuthApi(oauthEnv), recordEvent);

  const mcp = createMcpEndpoint({
    gateway,
    states,
    taskNames,
    slips,
    callers: (userId) => env.CALLERS.getByName(userId),
    now,
    authenticator,
    ownOrigin,
    hopId,
    trace: middle.trace,
    allowedOrigins: (context) => snapshots.peek(context)?.config.allowedOrigins ?? [],
  });
  const openapi = createOpenapiEndpoint({ gateway, snapshots, authenticator, ownOrigin, hopId });
  const routes = new Hono()
    .route(
      "/",
      createOAuthRoutes({
        ownOrigin,
        servers,
        oauthEnv,
        grants: (name) => env.GRANTS.getByName(name),
        registry,
        owner,
        findVisitor: (request) => sessions.find(request, { waitUntil }),
        hasPeople: async () => hasPeople(await snapshots.current({ waitUntil })),
        backendsFor: async (visitor, client) =>
          usableBackends(visitor, await snapshots.current({ waitUntil }), client),
        findUser: async (id) => findUser(await snapshots.current({ waitUntil }), id),
        onGrant: ({ userId, client }) =>
          recordEvent({ kind: "grant_made", userId, client: client.name, target: client.id }),
        onRefusal: logRefusal,
      }),
    )
    .route(
      "/",
      createOpenaiRoutes({
        audit: middle.audit,
        gateway,
        llm,
        slips,
        now,
        authenticator,
        ownOrigin,
        hopId,
        contextOf: (request, execution) => contextOf(request, execution, "openai"),
      }),
    )
    .route(
      "/",
      createConnectRoutes({
        door: createConnectDoor({
          snapshots,
          keys,
          staticKey: env.GATEWAY_API_KEY,
          localCommandKey: env.LOCAL_COMMAND_KEY,
          now,
        }),
        snapshots,
        backend: (name) => env.BACKENDS.getByName(name),
        ownOrigin,
        requestIdOf,
      }),
    )
    .route("/", createStatusRoutes({ gateway, llm, authenticator, ownOrigin, contextOf }))
    .route(
      "/",
      createMetricsRoutes({
        door: createMetricsDoor({ owner, keys, snapshots, now }),
        audit,
        snapshots,
        ownOrigin,
        requestIdOf,
      }),
    )
    // Before the other routes below /admin/api, which are for the owner's password alone.
    .route("/", createAuditRoutes({ audit, owner, sessions, ownOrigin, requestIdOf }))
    .route(
      "/",
      createAdminRoutes({
        registry: ownerRegistry,
        backend: decided,
        publicUrl: env.PUBLIC_URL,
        keys,
        users,
        invitations,
        removePerson,
        owner,
        ownOrigin,
        requestIdOf,
        grants: grantsAt,
        localCommandKey: env.LOCAL_COMMAND_KEY,
        now,
      }),
    )
    .route(
      "/",
      createAdminPages({
        sessions,
        gateway,
        registry: ownerRegistry,
        backend: decided,
        probe: (order, { signal, waitUntil: keep }) =>
          probeBackend(order, {
            stub: (name) => env.BACKENDS.getByName(name),
            fetch: wayOut(env),
            signal,
            waitUntil: keep,
            now,
          }),
        status: (caller, context) => reportStatus({ gateway, llm }, caller, context),
        users,
        invitations,
        removePerson,
        keys,
        logins,
        snapshots,
        grants: grantsAt,
        audit,
        ownOrigin,
        contextOf,
        requestIdOf,
        now,
      }),
    )
    .route(
      "/",
      createMeRoutes({
        sessions,
        gateway,
        grants: grantsAt,
        owner,
        users,
        passwords,
        providers,
        invitations,
        keys,
        logins,
        snapshots,
        registry,
        ownOrigin,
        contextOf,
        requestIdOf,
        now,
      }),
    )
    .notFound((c) => renderNotThere(c.req.raw, requestIdOf(c.req.raw)));

  return async (request, execution) => {
    const path = pathOf(request.url);
    const match = MCP_PATH.exec(path);
    // The hot paths go past the router: it would cost a tenth of a call.
    if (match !== null) {
      const [, name, account] = match;
      return mcp(request, scopeOf(name), contextOf(request, execution), account);
    }
    if (isRouted(firstPart(path))) return routes.fetch(request, env, execution);
    return openapi(request, path, contextOf(request, execution, "rest"));
  };
}

function firstPart(path: string): string {
  const end = path.indexOf("/", 1);
  return end === -1 ? path.slice(1) : path.slice(1, end);
}

function listenersOf(
  client: ClientPort | undefined,
): Pick<ClientPort, "onStreamClosed" | "onUndeclared"> {
  return {
    ...(client?.onStreamClosed === undefined ? {} : { onStreamClosed: client.onStreamClosed }),
    ...(client?.onUndeclared === undefined ? {} : { onUndeclared: client.onUndeclared }),
  };
}

function scopeOf(name: string | undefined): Scope {
  if (name === undefined) return ALL;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- matched by MCP_PATH
  return { kind: "one", backend: name as BackendName };
}

function contextOf(
  request: Request,
  execution: Pick<ExecutionContext, "waitUntil">,
  surface: CalledBy = "mcp",
): RequestContext {
  return {
    surface,
    // Getters: what never looks at signal or headers does not pay for them.
    get signal() {
      return request.signal;
    },
    get headers() {
      return request.headers;
    },
    get origin() {
      return originOf(request.url);
    },
    after: createPatience(Date.now),
    waitUntil: (work) => execution.waitUntil(work),
    requestId: requestIdOf(request),
  };
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

/** Different in every isolate; made on first use, because a module may not ask for randomness. */
let isolateId: string | undefined;
let requestCount = 0;

/** The platform's own id where there is one, so that its logs and ours meet. */
function requestIdOf(request: Request): string {
  const ray = request.headers.get("cf-ray");
  if (ray !== null) return ray;
  isolateId ??= crypto.randomUUID().slice(0, 8);
  requestCount += 1;
  return `${isolateId}-${requestCount.toString(36)}`;
}

/** The origin of an absolute URL as it came. */
function originOf(url: string): string {
  return url.slice(0, url.indexOf("/", url.indexOf("//") + 2));
}

/** Where links to our pages lead: to the public address, else to where the caller found us. */
function createLink(publicUrl: string | undefined): PerformDeps["link"] {
  const known = publicUrl === undefined ? null : URL.parse(publicUrl);
  return (path, context) => {
    const origin = known?.origin ?? context.origin;
    return origin === undefined ? undefined : origin + path;
  };
}

/** The path of an absolute URL as it came, without parsing the URL: this runs for every request. */
function pathOf(url: string): string {
  const start = url.indexOf("/", url.indexOf("//") + 2);
  const end = url.indexOf("?", start);
  return end === -1 ? url.slice(start) : url.slice(start, end);
}
