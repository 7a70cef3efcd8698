import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { createPlace, ORIGIN } from "../support/identity-app.ts";
import { createLaggyWorld } from "../support/laggy-kv.ts";
import { authorizeUrl, openConsent, register, REDIRECT_URI } from "../support/oauth-flow.ts";

const place = createPlace();

function post(
  metadata: unknown,
  { path = "/oauth/register", type = "application/json", from = place } = {},
): Promise<Response> {
  return from.fetch(
    new Request(`${ORIGIN}${path}`, {
      method: "POST",
      headers: { "content-type": type },
      body: typeof metadata === "string" ? metadata : JSON.stringify(metadata),
    }),
  );
}

function client(more: Record<string, unknown> = {}): Record<string, unknown> {
  return { redirect_uris: [REDIRECT_URI], token_endpoint_auth_method: "none", ...more };
}

test("registers at both addresses, readable for pages", async () => {
  for (const path of ["/oauth/register", "/register"]) {
    const answer = await post(client(), { path });
    expect(answer.status).toBe(201);
    expect(answer.headers.get("access-control-allow-origin")).toBe("*");
    expect(await answer.json()).toMatchObject({ redirect_uris: [REDIRECT_URI] });
  }
});

test("refuses redirect addresses that cannot be trusted", async () => {
  for (const uri of [
    "http://remote.example.com/callback",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "\u0001javascript:alert(1)",
    "data:text/html,x",
    "vbscript:x",
    "file:///etc/passwd",
    "https://app.example.com/callback#fragment",
    "https://user@app.example.com/callback",
  ]) {
    const answer = await post(client({ redirect_uris: [uri] }));
    expect(answer.status, uri).toBe(400);
    await answer.body?.cancel();
  }
});

test("refuses metadata without usable redirect addresses or with grants we do not have", async () => {
  for (const more of [
    { redirect_uris: undefined },
    { redirect_uris: [] },
    { redirect_uris: REDIRECT_URI },
    { redirect_uris: Array.from({ length: 21 }, (_, at) => `https://a.example.com/${at}`) },
    { grant_types: ["implicit"] },
    { grant_types: ["password"] },
    { response_types: ["token"] },
    { logo_uri: "javascript:alert(1)" },
    { client_name: "x".repeat(201) },
  ]) {
    expect((await post(client(more))).status, JSON.stringify(more).slice(0, 80)).toBe(400);
  }
});

test("refuses bodies that are large, not JSON, or of a type any page may send", async () => {
  expect((await post(`{"client_name":"${"x".repeat(100_000)}"}`)).status).toBe(413);
  expect((await post("not json")).status).toBe(400);
  expect((await post("[]")).status).toBe(400);
  expect((await post(client(), { type: "text/plain" })).status).toBe(400);
});

test("merges nothing that a registration calls __proto__", async () => {
  const text = `{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"redirect_uris":["${REDIRECT_URI}"]}`;
  expect((await post(text)).status).toBe(201);
  expect(Object.hasOwn(Object.prototype, "polluted")).toBe(false);
});

test("shows nobody's registration to a GET", async () => {
  await register(place.fetch, ORIGIN);
  for (const path of ["/register", "/oauth/register"]) {
    const answer = await place.fetch(new Request(`${ORIGIN}${path}`));
    expect(answer.status).toBe(405);
    expect(await answer.text()).not.toContain(REDIRECT_URI);
  }
});

test("stops an address that registers without end, and keeps its clients", async () => {
  const busy = createPlace();
  const first = await register(busy.fetch, ORIGIN);
  const statuses: number[] = [];
  for (let index = 0; index < 61; index += 1) {
    statuses.push((await post(client(), { from: busy })).status);
  }
  expect(statuses.filter((status) => status === 201)).toHaveLength(59);
  const refused = await post(client(), { from: busy });
  expect(refused.status).toBe(429);
  expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
  const consent = await openConsent(busy.fetch, await authorizeUrl(ORIGIN, first));
  expect(consent.page.status).toBe(200);
  expect((await post(client())).status).toBe(201);
});

test("answers 503 while KV is down, and works again after it", async () => {
  const world = createLaggyWorld(env.GATEWAY_KV);
  const away = createPlace({ kv: world.at("A") });
  world.fail(true);
  const refused = await post(client(), { from: away });
  expect(refused.status).toBe(503);
  expect(refused.headers.get("retry-after")).not.toBeNull();
  expect(await refused.json()).toMatchObject({ error: "temporarily_unavailable" });
  world.fail(false);
  expect((await post(client(), { from: away })).status).toBe(201);
});
