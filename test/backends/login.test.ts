import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import type { LoginStub } from "../../src/backends/login-stub.ts";
import { openState } from "../../src/backends/login-state.ts";
import type { BackendOrder } from "../../src/config/backend-order.ts";
import type { BackendOAuth } from "../../src/config/backend-oauth.ts";
import type { UserId } from "../../src/core/ids.ts";
import { release } from "../../src/core/outcome.ts";
import { createSeal } from "../../src/core/seal.ts";
import { http, orderFor } from "../support/backend-calls.ts";
import type { OAuthManners } from "../support/oauth-backends.ts";
import { oauthBackend, type OAuthBackend } from "../support/oauth-backend.ts";

const ORIGIN = "https://gateway.test";
const ANN = "u-00000000000000000001" as UserId;
const SEALED_WITH = createSeal("encryption-key-of-the-tests-0123456789", "login-state");

function room(user: string): LoginStub {
  return env.LOGINS.getByName(user);
}

function orderOf(backend: OAuthBackend, oauth?: Partial<BackendOAuth>): BackendOrder {
  const nothing = { clientId: undefined, clientSecret: undefined, scope: undefined };
  const order = orderFor(http(backend.url), {
    credentials: "per-user",
    oauth: { ...nothing, issuer: undefined, ...oauth },
  });
  return { ...order, privateOrigins: [new URL(backend.url).origin] };
}

async function begin(order: BackendOrder, user: UserId = ANN): Promise<string> {
  const ask = { account: "", user, origin: ORIGIN, visitor: user, next: "/me/logins" };
  return release(await room(user).begin(order, ask));
}

async function finish(
  order: BackendOrder,
  callback: string,
  { user = ANN, visitor = user }: { user?: UserId; visitor?: UserId } = {},
): Promise<string> {
  const { searchParams } = new URL(callback, ORIGIN);
  const state = await openState(SEALED_WITH, searchParams.get("state") ?? "");
  expect(state?.user).toBe(user);
  const params = [...searchParams];
  const ask = { secret: state?.secret ?? "", params, origin: ORIGIN, visitor };
  return release(await room(user).finish(order, ask));
}

const get = async (order: BackendOrder, refused?: number, user: string = ANN) =>
  release(await room(user).credential(order, { account: "", object: "test/object", refused }));

async function logIn(backend: OAuthBackend, order: BackendOrder, user: UserId = ANN) {
  return finish(order, await backend.consent(await begin(order, user)), { user });
}

test("discovers, registers, and gets a token that the backend takes", async () => {
  const backend = await oauthBackend();
  const order = orderOf(backend);
  expect(await get(order)).toEqual({ state: "missing" });
  const address = new URL(await begin(order));
  const asked = Object.fromEntries(address.searchParams);
  expect(asked).toMatchObject({
    response_type: "code",
    code_challenge_method: "S256",
    resource: backend.url,
    redirect_uri: `${ORIGIN}/oauth/backend/${order.config.name}/callback`,
  });
  expect(await finish(order, await backend.consent(address.href))).toBe("/me/logins");
  const credential = await get(order);
  expect(credential).toMatchObject({ state: "ready", kind: "oauth", version: 1 });
  expect(await backend.log()).toContain("register client_secret_basic");
});

test("a login that was begun at one place ends at no other", async () => {
  const backend = await oauthBackend();
  const order = orderOf(backend);
  const callback = await backend.consent(await begin(order));
  const elsewhere = await oauthBackend();
  const { host } = new URL(elsewhere.url);
  const url = elsewhere.url.replace(host, host.replace("127.0.0.1", "localhost"));
  const { transport } = orderOf({ ...elsewhere, url }).config;
  const moved = {
    ...order,
    config: { ...order.config, transport },
    privateOrigins: [...order.privateOrigins, new URL(url).origin],
  };
  await expect(finish(moved, callback)).rejects.toMatchObject({ code: "invalid_request" });
  expect(await get(moved)).toEqual({ state: "missing" });
});

test("a login is good once, for who began it, and only for the backend it was for", async () => {
  const backend = await oauthBackend();
  const order = orderOf(backend);
  const callback = await backend.consent(await begin(order));
  const other = "u-00000000000000000002" as UserId;
  await expect(finish(order, callback, { visitor: other })).rejects.toMatchObject({
    code: "forbidden",
  });
  await expect(finish(order, callback)).rejects.toMatchObject({ code: "invalid_request" });
  const again = await backend.consent(await begin(order));
  await expect(finish(orderOf(backend), again)).rejects.toMatchObject({ code: "invalid_request" });
  expect(await get(order)).toEqual({ state: "missing" });
});

test("refuses an answer of another authorization server, or of none where one has to be named", async () => {
  const backend = await oauthBackend({ back: { iss: "https://evil.example" } });
  const order = orderOf(backend);
  const wrong = await backend.consent(await begin(order));
  await expect(finish(order, wrong)).rejects.toThrow(/another authorization server/);
  await backend.control({ back: { iss: null } });
  const missing = await backend.consent(await begin(order));
  await expect(finish(order, missing)).rejects.toThrow(/another authorization server/);
  expect((await backend.log()).filter((line) => line.startsWith("token"))).toEqual([]);
});

test("says what the server says of a refusal, bounded and as its own words", async () => {
  const back = { code: null, error: "access_denied", error_description: `no\n${"x".repeat(900)}` };
  const backend = await oauthBackend({ back });
  const order = orderOf(backend);
  const callback = await backend.consent(await begin(order));
  const refused = await finish(order, callback).catch((error: unknown) => String(error));
  expect(refused).toMatch(/in its own words "access_denied: no/);
  expect(refused.length).toBeLessThan(400);
});

test("goes to no place that a backend must not name", async () => {
  const bad: [Partial<OAuthManners>, RegExp][] = [
    [{ resource: { authorization_servers: ["http://169.254.169.254/"] } }, /private network/],
    [{ resource: { authorization_servers: ["http://as.example"] } }, /without https/],
    [{ resource: { authorization_servers: ["file:///etc/passwd"] } }, /http or https/],
    [{ resource: { resource: "https://other.example/mcp" } }, /another resource/],
    [{ metadata: { authorization_endpoint: "javascript:alert(1)" } }, /http or https/],
    [{ metadata: { token_endpoint: "http://10.0.0.1/token" } }, /private network/],
    [{ metadata: { issuer: "https://evil.example" } }, /calls itself/],
    [{ metadata: { code_challenge_methods_supported: ["plain"] } }, /PKCE/],
    [{ metadata: { code_challenge_methods_supported: null } }, /PKCE/],
    [{ redirect: "http://192.168.1.1/secrets" }, /private network/],
  ];
  for (const [manners, reason] of bad) {
    const backend = await oauthBackend(manners);
    await expect(begin(orderOf(backend)), JSON.stringify(manners)).rejects.toThrow(reason);
  }
});

test("uses the client of the config, where a server registers none", async () => {
  const backend = await oauthBackend({
    metadata: { registration_endpoint: null, code_challenge_methods_supported: null },
  });
  await expect(begin(orderOf(backend))).rejects.toThrow();
  const order = orderOf(backend, { clientId: "https://gateway.test" });
  await logIn(backend, order);
  expect((await get(order)).state).toBe("ready");
});

test("publishes itself to servers that read client documents", async () => {
  const backend = await oauthBackend({
    metadata: { client_id_metadata_document_supported: true },
  });
  const order = orderOf(backend);
  const { searchParams } = new URL(await begin(order));
  expect(searchParams.get("client_id")).toBe(
    "https://gateway.test/oauth/backend/" + order.config.name + "/client.json",
  );
  expect(await backend.log()).not.toContain("register client_secret_basic");
});

test("renews a token before its end, once for all who ask", async () => {
  const backend = await oauthBackend({ ttl: 1 });
  const order = orderOf(backend);
  await logIn(backend, order);
  await expect.poll(async () => get(order), { timeout: 5_000 }).toMatchObject({ version: 2 });
  const before = (await backend.log()).filter((line) => line === "token refresh_token").length;
  await backend.control({ ttl: 3_600 });
  const held = await get(order);
  const version = held.state === "ready" ? held.version : 0;
  const all = await Promise.all(Array.from({ length: 8 }, () => get(order, version)));
  expect(new Set(all.map((one) => JSON.stringify({ ...one, askAgainAt: 0 }))).size).toBe(1);
  const after = (await backend.log()).filter((line) => line === "token refresh_token").length;
  expect(after - before).toBeLessThanOrEqual(2);
});

test("an outage keeps what there is, a refusal for good ends the login", async () => {
  const backend = await oauthBackend();
  const order = orderOf(backend);
  await logIn(backend, order);
  await backend.control({ tokenError: { status: 503, body: "later" } });
  await expect(get(order, 1)).rejects.toMatchObject({ code: "backend_unavailable" });
  expect(await get(order)).toMatchObject({ state: "ready", version: 1 });
});

test("a login that the server gives up for good has ended, and says so", async () => {
  const backend = await oauthBackend();
  const order = orderOf(backend);
  await logIn(backend, order);
  await backend.control({ tokenError: { status: 400, body: { error: "invalid_grant" } } });
  expect(await get(order, 1)).toEqual({ state: "ended" });
  expect(await get(order)).toEqual({ state: "ended" });
});

test("a token that is refused although it is fresh ends the login", async () => {
  const backend = await oauthBackend();
  const order = orderOf(backend);
  await logIn(backend, order);
  expect(await get(order, 1)).toMatchObject({ state: "ready", version: 2 });
  expect(await get(order, 2)).toEqual({ state: "ended" });
  const [known] = await room(ANN)
    .known()
    .then((all) => all.filter(({ backend: name }) => name === order.config.name));
  expect(known).toMatchObject({ state: "ended", problem: expect.stringContaining("fresh") });
});

test("forgetting revokes, and what was made for another address is not sent there", async () => {
  const backend = await oauthBackend();
  const order = orderOf(backend);
  await logIn(backend, order);
  const moved = {
    ...order,
    config: { ...order.config, transport: http("https://moved.example/mcp") },
  };
  expect(await get(moved)).toEqual({ state: "missing" });
  release(await room(ANN).forget(order.config.name, ""));
  expect(await get(order)).toEqual({ state: "missing" });
  await expect
    .poll(() => backend.log(), { timeout: 3_000 })
    .toEqual(expect.arrayContaining(["revoke refresh", "revoke access"]));
});
