import { env } from "cloudflare:workers";
import { asRegistry } from "../../src/config/registry-client.ts";
import { REGISTRY_NAME } from "../../src/config/registry-object.ts";
import { expect, test } from "vitest";
import { createAuthenticator } from "../../src/auth/authenticate.ts";
import { OWNER_ID } from "../../src/auth/user-id.ts";
import { createSnapshotSource } from "../../src/config/snapshot.ts";
import { asGatewayError, GatewayError } from "../../src/core/errors.ts";
import { challengeHeaders } from "../../src/http/challenge.ts";
import { requireCaller } from "../../src/http/require-caller.ts";

const ORIGIN = "https://gateway.test";

function request(token?: string): Request {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return new Request(`${ORIGIN}/mcp`, { headers });
}

test("asks a good token without the scope for all it needs, each time the same", async () => {
  const authenticator = createAuthenticator({
    snapshots: createSnapshotSource(
      () => asRegistry(env.REGISTRY.getByName(REGISTRY_NAME)),
      Date.now,
    ),
    keys: { find: async () => undefined },
    staticKey: undefined,
    validateToken: async () => ({
      userId: OWNER_ID,
      grantId: "g",
      scopes: ["v1"],
      expiresAt: Date.now() + 60_000,
      props: {},
    }),
    now: Date.now,
  });
  for (let attempt = 0; attempt < 2; attempt += 1) {
    const question = { authenticator, request: request("owner:g:s"), origin: ORIGIN } as const;
    const refused = await requireCaller({
      ...question,
      resource: "mcp",
      context: { waitUntil: () => {} },
    }).catch(asGatewayError);
    if (!(refused instanceof GatewayError)) throw new TypeError("it must be refused");
    expect(refused.code).toBe("forbidden");
    expect(challengeHeaders(refused, { ...question, resource: "mcp" })).toEqual({
      "www-authenticate":
        'Bearer realm="mcp-edge-gateway", ' +
        `resource_metadata="${ORIGIN}/.well-known/oauth-protected-resource/mcp", ` +
        'scope="mcp", error="insufficient_scope"',
    });
  }
});

test("names the resource the call was for", () => {
  const error = new GatewayError("unauthorized", "Cannot answer: a bearer token is needed");
  const challenge = challengeHeaders(error, { request: request(), resource: "v1", origin: ORIGIN });
  expect(challenge["www-authenticate"]).toContain(
    `${ORIGIN}/.well-known/oauth-protected-resource/v1"`,
  );
});

test("challenges nobody over an error that a token would not mend", () => {
  const error = new GatewayError("unavailable", "Cannot check the token: storage is not reachable");
  expect(
    challengeHeaders(error, { request: request("x"), resource: "mcp", origin: ORIGIN }),
  ).toEqual({});
});
