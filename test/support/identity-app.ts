import { env } from "cloudflare:workers";
import { Hono } from "hono";
import { createAuthenticator } from "../../src/auth/authenticate.ts";
import type { Resource } from "../../src/auth/caller.ts";
import { createClientStore } from "../../src/auth/client-store.ts";
import { findUser, hasPeople } from "../../src/auth/find-user.ts";
import { usableBackends } from "../../src/auth/usable-backends.ts";
import { createWebSessions } from "../../src/auth/web-session.ts";
import { createKeyStore, type KeyStore } from "../../src/auth/key-store.ts";
import { createOAuthServers, type OAuthServer } from "../../src/auth/oauth-server.ts";
import { createOwnerCheck } from "../../src/auth/owner.ts";
import { createStrongKv } from "../../src/auth/strong-kv.ts";
import { createTokenValidator } from "../../src/auth/token-validator.ts";
import { REGISTRY_NAME } from "../../src/config/registry-object.ts";
import { asRegistry } from "../../src/config/registry-client.ts";
import { createSnapshotSource } from "../../src/config/snapshot.ts";
import { asGatewayError } from "../../src/core/errors.ts";
import { challengeHeaders } from "../../src/http/challenge.ts";
import { createOwnOrigin, requireOwnOrigin } from "../../src/http/own-origin.ts";
import { problemHeaders, statusOf } from "../../src/http/problem.ts";
import { requireCaller } from "../../src/http/require-caller.ts";
import { createOAuthRoutes } from "../../src/oauth/oauth-routes.ts";
import type { PlainKv } from "./laggy-kv.ts";
import type { Fetch } from "./oauth-flow.ts";

export const ORIGIN = "https://gateway.test";
export const PASSWORD = "owner-password-of-the-tests";
export const STATIC_KEY = "static-key-of-the-tests-0123456789";

export type Place = Readonly<{
  fetch: Fetch;
  keys: KeyStore;
  oauth: (origin: string) => ReturnType<OAuthServer["getOAuthApi"]>;
}>;

export type PlaceSettings = Readonly<{
  kv?: PlainKv;
  publicUrl?: string | undefined;
  password?: string | undefined;
  staticKey?: string | undefined;
  now?: () => number;
}>;

const CONTEXT = { waitUntil: (work: Promise<unknown>) => void work.catch(() => {}) };

const registry = () => asRegistry(env.REGISTRY.getByName(REGISTRY_NAME));
const grants = (name: string) => env.GRANTS.getByName(name);

/**
 * The identity part of the gateway as one location of the world runs it: its own isolate memory
 * and its own view of KV, over the same objects. `/mcp` and `/v1` answer who is asking.
 */
export function createPlace(settings: PlaceSettings = {}): Place {
  const { kv = env.GATEWAY_KV, publicUrl = ORIGIN, now = () => Date.now() } = settings;
  const password = "password" in settings ? settings.password : PASSWORD;
  const staticKey = "staticKey" in settings ? settings.staticKey : STATIC_KEY;
  const keys = createKeyStore({ registry, mirror: kv, now });
  const ownOrigin = createOwnOrigin({ publicUrl });
  const snapshots = createSnapshotSource(registry, now);
  const authenticator = createAuthenticator({
    snapshots,
    keys,
    staticKey,
    validateToken: createTokenValidator(grants),
    now,
  });
  const sessions = createWebSessions({
    room: (user) => env.GRANTS.getByName(user),
    snapshots,
    originOf: (request) => requireOwnOrigin(ownOrigin, request),
    now,
  });
  const address = crypto.randomUUID();
  const servers = createOAuthServers(() => {});
  const oauthEnv = {
    OAUTH_KV: createStrongKv({ grants, clients: createClientStore(kv, registry, now), now }),
  };
  const app = new Hono();
  app.route(
    "/",
    createOAuthRoutes({
      ownOrigin,
      servers,
      oauthEnv,
      grants,
      registry,
      owner: createOwnerCheck({ password, registry, now }),
      findVisitor: async (request) => sessions.find(request, CONTEXT),
      hasPeople: async () => hasPeople(await snapshots.current(CONTEXT)),
      backendsFor: async (visitor, client) =>
        usableBackends(visitor, await snapshots.current(CONTEXT), client),
      findUser: async (id) => findUser(await snapshots.current(CONTEXT), id),
      onGrant: () => {},
      onRefusal: () => {},
    }),
  );
  const resources: readonly Resource[] = ["mcp", "v1"];
  for (const resource of resources) {
    app.all(`/${resource}`, async (c) => {
      const request = c.req.raw;
      const origin = ownOrigin(request) ?? "";
      const context = { waitUntil: (work: Promise<unknown>) => void work.catch(() => {}) };
      try {
        const question = { authenticator, request, resource, origin, context };
        return Response.json(await requireCaller(question));
      } catch (thrown) {
        const error = asGatewayError(thrown);
        const headers = {
          ...problemHeaders(error, "test"),
          ...challengeHeaders(error, { request, resource, origin }),
        };
        return new Response(null, { status: statusOf(error.code), headers });
      }
    });
  }
  return {
    fetch: async (request) => app.fetch(fromAddress(request, address)),
    keys,
    oauth: (origin) => servers(origin).getOAuthApi(oauthEnv),
  };
}

/** As the platform would mark it, so that limits per address do not reach across tests. */
function fromAddress(request: Request, address: string): Request {
  if (request.headers.has("cf-connecting-ip")) return request;
  const marked = new Request(request);
  marked.headers.set("cf-connecting-ip", address);
  return marked;
}

/** The status of a call with a bearer token. */
export async function statusWith(place: Place, token: string, path = "/mcp"): Promise<number> {
  const response = await place.fetch(
    new Request(`${ORIGIN}${path}`, { headers: { authorization: `Bearer ${token}` } }),
  );
  await response.body?.cancel();
  return response.status;
}
