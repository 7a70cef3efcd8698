import { Hono } from "hono";
import { createAuditRoutes } from "../admin/audit-routes.ts";
import { createAdminPages } from "../admin/admin-pages.tsx";
import { createAdminRoutes } from "../admin/admin-routes.ts";
import { createMetricsDoor } from "../auth/metrics-door.ts";
import { createConnectDoor } from "../auth/connect-door.ts";
import { OWNER_ID } from "../auth/user-id.ts";
import { findUser, hasPeople } from "../auth/find-user.ts";
import { usableBackends } from "../auth/usable-backends.ts";
import { probeBackend } from "../backends/probe-backend.ts";
import { recordingVerdicts } from "../backends/recorded-verdicts.ts";
import { wayOut } from "../core/way-out.ts";
import { renderNotThere } from "../pages/failure-page.tsx";
import { createConnectRoutes } from "../connect/connect-routes.ts";
import { gatewayHopId } from "../core/hop.ts";
import { createMeRoutes } from "../me/me-routes.tsx";
import { createOAuthRoutes } from "../oauth/oauth-routes.ts";
import { createOpenaiRoutes } from "../openai/openai-routes.ts";
import { reportStatus } from "../status/status-report.ts";
import { createMetricsRoutes } from "../status/metrics-routes.ts";
import { createStatusRoutes } from "../status/status-routes.ts";
import { AUDIT_NAME } from "../telemetry/audit-object.ts";
import type { Identity } from "./create-identity.ts";
import type { Middle } from "./create-middle.ts";
import type { Env } from "./environment.ts";
import { contextOf, requestIdOf } from "./request-context.ts";

/** Every route but the hot ones, which go past the router. */
export function createRoutes(
  env: Env,
  middle: Middle,
  identity: Identity,
  waitUntil: (work: Promise<unknown>) => void,
): Hono {
  const { snapshots, gateway, llm, slips } = middle;
  const {
    ownOrigin,
    registry,
    recordEvent,
    ownerRegistry,
    logRefusal,
    servers,
    oauthEnv,
    owner,
    keys,
    authenticator,
    users,
    passwords,
    invitations,
    providers,
    removePerson,
    sessions,
    logins,
    grantsAt,
  } = identity;
  const now = Date.now;
  const hopId = () => gatewayHopId(env.ENCRYPTION_KEY);
  const audit = () => env.AUDIT.getByName(AUDIT_NAME);
  const decided = (name: string) =>
    recordingVerdicts(
      env.BACKENDS.getByName(name),
      { backend: name, owner: OWNER_ID },
      recordEvent,
    );
  return (
    // A slash at the end means nothing, on no surface.
    new Hono({ strict: false })
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
      .notFound((c) => renderNotThere(c.req.raw, requestIdOf(c.req.raw)))
  );
}
