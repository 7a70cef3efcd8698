import { env } from "cloudflare:workers";
import { afterEach, expect, test, vi } from "vitest";
import { asRegistry } from "../../src/config/registry-client.ts";
import { REGISTRY_NAME } from "../../src/config/registry-object.ts";
import { createPlace, ORIGIN, PASSWORD, statusWith, type Place } from "../support/identity-app.ts";
import { createLaggyWorld } from "../support/laggy-kv.ts";
import {
  authorizeUrl,
  codeForm,
  obtainCode,
  obtainTokens,
  openConsent,
  postToken,
  readTokens,
  refreshForm,
  register,
  submitConsent,
  type OAuthClient,
} from "../support/oauth-flow.ts";

afterEach(() => {
  vi.useRealTimers();
});

type World = Readonly<Record<"a" | "b" | "c" | "d", Place>> &
  Readonly<{ fail: (down: boolean) => void }>;

/** Four locations over one KV that is a minute stale between them, with the clock standing still. */
function createWorld(): World {
  vi.useFakeTimers({ toFake: ["Date"] });
  const world = createLaggyWorld(env.GATEWAY_KV, () => Date.now());
  const at = (colo: string): Place => createPlace({ kv: world.at(colo) });
  return { a: at("A"), b: at("B"), c: at("C"), d: at("D"), fail: world.fail };
}

/** What the registry does with a registration after an hour. */
async function forget(client: OAuthClient): Promise<void> {
  await asRegistry(env.REGISTRY.getByName(REGISTRY_NAME)).deleteRecord(`client:${client.clientId}`);
}

function pass(ms: number): void {
  vi.setSystemTime(Date.now() + ms);
}

test("takes a token at once in a place that just refused it unissued", async () => {
  const { a, b } = createWorld();
  expect(await statusWith(a, "owner:none:yet")).toBe(401);
  const { accessToken } = await obtainTokens(b.fetch, ORIGIN, PASSWORD);
  expect(await statusWith(a, accessToken)).toBe(200);
});

test("refuses a revoked token everywhere within 5 s", async () => {
  const { a, b, c, d } = createWorld();
  const { client, accessToken, refreshToken } = await obtainTokens(b.fetch, ORIGIN, PASSWORD);
  const statuses = (): Promise<number[]> =>
    Promise.all([a, b, c, d].map((place) => statusWith(place, accessToken)));
  expect(await statuses()).toEqual([200, 200, 200, 200]);
  await postToken(
    b.fetch,
    ORIGIN,
    { client_id: client.clientId, token: refreshToken },
    "/oauth/revoke",
  );
  pass(5_000);
  expect(await statuses()).toEqual([401, 401, 401, 401]);
});

test("refuses a used code in every place", async () => {
  const { a, b, c } = createWorld();
  const { client, code, verifier } = await obtainCode(b.fetch, ORIGIN, PASSWORD);
  const form = codeForm(client, code, verifier);
  expect(
    (await postToken(a.fetch, ORIGIN, { ...form, code_verifier: "x".repeat(43) })).status,
  ).toBe(400);
  expect((await postToken(b.fetch, ORIGIN, form)).status).toBe(200);
  pass(31_000);
  expect((await postToken(a.fetch, ORIGIN, form)).status).toBe(400);
  expect((await postToken(c.fetch, ORIGIN, form)).status).toBe(400);
});

test("exchanges a code in the instant of its consent", async () => {
  const { b } = createWorld();
  const { accessToken } = await obtainTokens(b.fetch, ORIGIN, PASSWORD);
  expect(await statusWith(b, accessToken)).toBe(200);
});

test("authorizes in another place a client that has just registered", async () => {
  const { a, b, c } = createWorld();
  const client = await register(a.fetch, ORIGIN);
  const consent = await openConsent(b.fetch, await authorizeUrl(ORIGIN, client));
  expect(consent.page.status).toBe(200);
  const decided = await submitConsent(c.fetch, consent, { password: PASSWORD });
  expect(decided.status).toBe(302);
});

test("remembers a client in KV after the registry forgot it", async () => {
  const { a, b } = createWorld();
  const client = await register(a.fetch, ORIGIN);
  await forget(client);
  pass(3_600_000);
  const consent = await openConsent(b.fetch, await authorizeUrl(ORIGIN, client));
  expect(consent.page.status).toBe(200);
});

test("refreshes in six places at once, and every answer works", async () => {
  const { a, b, c, d } = createWorld();
  const { client, refreshToken } = await obtainTokens(b.fetch, ORIGIN, PASSWORD);
  const answers = await Promise.all(
    [a, b, c, d, a, b].map((place) =>
      postToken(place.fetch, ORIGIN, refreshForm(client, refreshToken)),
    ),
  );
  for (const { accessToken } of await Promise.all(answers.map(readTokens))) {
    expect(await statusWith(d, accessToken)).toBe(200);
  }
});

test("keeps tokens working while KV is down, and refuses nobody for good", async () => {
  const { a, b, fail } = createWorld();
  const { accessToken, client } = await obtainTokens(b.fetch, ORIGIN, PASSWORD);
  await forget(client);
  pass(3_600_000);
  fail(true);
  expect(await statusWith(a, accessToken)).toBe(200);
  expect(await statusWith(a, `${accessToken}x`)).toBe(401);
  const { page } = await openConsent(a.fetch, await authorizeUrl(ORIGIN, client));
  expect(page.status).toBe(503);
  expect(page.headers.get("retry-after")).not.toBeNull();
  fail(false);
  expect((await openConsent(a.fetch, await authorizeUrl(ORIGIN, client))).page.status).toBe(200);
});
