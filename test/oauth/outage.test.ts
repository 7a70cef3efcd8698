import { expect, test } from "vitest";
import { createOAuthServers, type OAuthRefusal } from "../../src/auth/oauth-server.ts";
import { asOAuthKv } from "../../src/auth/oauth-kv.ts";
import { createOwnerCheck } from "../../src/auth/owner.ts";
import { OWNER_ID } from "../../src/auth/user-id.ts";
import { createOAuthRoutes } from "../../src/oauth/oauth-routes.ts";
import { authorizeUrl, postToken, refreshForm, REDIRECT_URI } from "../support/oauth-flow.ts";

const ORIGIN = "https://gateway.test";
const CLIENT = { clientId: "client", redirectUri: REDIRECT_URI };

function fail(): never {
  throw new Error("Durable Object is overloaded.");
}

function registry() {
  return { countAttempt: async () => ({ allowed: true, retryAfter: 1 }) };
}

/** The OAuth surface while neither objects nor KV can be reached. */
function createSurface(refusals: OAuthRefusal[]) {
  return createOAuthRoutes({
    ownOrigin: () => ORIGIN,
    servers: createOAuthServers(() => {}),
    oauthEnv: { OAUTH_KV: asOAuthKv(fail, Date.now) },
    grants: () => ({ token: async () => fail() }),
    registry,
    owner: createOwnerCheck({ password: "a password", registry, now: Date.now }),
    findVisitor: async () => undefined,
    hasPeople: async () => false,
    backendsFor: async () => [],
    findUser: async () => OWNER_ID,
    onGrant: () => {},
    onRefusal: (refusal) => refusals.push(refusal),
  });
}

test("tells a client to come back, so that it keeps its tokens", async () => {
  const refusals: OAuthRefusal[] = [];
  const surface = createSurface(refusals);
  const secret = "owner:grant:very-secret-refresh-token";
  const answer = await postToken(
    async (request) => surface.fetch(request),
    ORIGIN,
    refreshForm(CLIENT, secret),
  );
  expect(answer.status).toBe(503);
  expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
  expect(await answer.json()).toMatchObject({ error: "temporarily_unavailable" });
  expect(refusals).toHaveLength(1);
  expect(JSON.stringify(refusals)).not.toContain("very-secret");
});

test("shows the owner a page that says so, and redirects nowhere", async () => {
  const { url } = await authorizeUrl(ORIGIN, CLIENT);
  const answer = await createSurface([]).fetch(new Request(url));
  expect(answer.status).toBe(503);
  expect(answer.headers.get("location")).toBeNull();
  expect(answer.headers.get("content-type")).toContain("text/html");
});

test("still says where everything is", async () => {
  const answer = await createSurface([]).fetch(
    new Request(`${ORIGIN}/.well-known/oauth-authorization-server`),
  );
  expect(answer.status).toBe(200);
});
