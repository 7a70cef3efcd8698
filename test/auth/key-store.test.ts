import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { sha256Hex } from "../../src/core/digest.ts";
import { createPlace, statusWith } from "../support/identity-app.ts";
import { createLaggyWorld } from "../support/laggy-kv.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"] });
});

afterEach(() => {
  vi.useRealTimers();
});

function pass(ms: number): void {
  vi.setSystemTime(Date.now() + ms);
}

test("shows a key once and stores only its hash", async () => {
  const place = createPlace();
  const { key, record } = await place.keys.create({ name: "laptop" });
  expect(key).toMatch(/^mgw_[A-Za-z0-9_-]{43}$/);
  expect(JSON.stringify(await place.keys.list())).not.toContain(key);
  const stored = await env.GATEWAY_KV.get(`key:${await sha256Hex(key)}`);
  expect(stored).toContain(record.id);
  expect(stored).not.toContain(key);
});

test("takes a new key in another place at once, and refuses a revoked one everywhere in 5 s", async () => {
  const world = createLaggyWorld(env.GATEWAY_KV);
  const places = ["A", "B", "C"].map((colo) => createPlace({ kv: world.at(colo) }));
  const [a, b] = places;
  if (a === undefined || b === undefined) throw new TypeError("there are three places");
  const { key, record } = await b.keys.create({ name: "laptop" });
  expect(await Promise.all(places.map((place) => statusWith(place, key)))).toEqual([200, 200, 200]);
  pass(2_000);
  await a.keys.revoke(record.id);
  pass(5_000);
  expect(await Promise.all(places.map((place) => statusWith(place, key)))).toEqual([401, 401, 401]);
});

test("knows a key of long ago through KV, and one that KV misses through the registry", async () => {
  const world = createLaggyWorld(env.GATEWAY_KV);
  const { key } = await createPlace({ kv: world.at("B") }).keys.create({ name: "old" });
  const away = createPlace({ kv: world.at("A") });
  expect(await statusWith(away, key)).toBe(200);
  world.fail(true);
  expect(await statusWith(createPlace({ kv: world.at("A") }), key)).toBe(200);
  expect(await statusWith(createPlace({ kv: world.at("A") }), `mgw_${"B".repeat(43)}`)).toBe(401);
});

test("refuses a key from its expiry on", async () => {
  const place = createPlace();
  const { key } = await place.keys.create({ name: "guest", expiresAt: Date.now() + 120_000 });
  expect(await statusWith(place, key)).toBe(200);
  pass(119_500);
  expect(await statusWith(place, key)).toBe(200);
  pass(600);
  expect(await statusWith(place, key)).toBe(401);
});

test("gives each key its own user and the access it was created with", async () => {
  const place = createPlace();
  const access = { allow: ["erp"], deny: ["erp/delete_*"] };
  const { key, record } = await place.keys.create({ name: "erp only", access });
  const answer = await place.fetch(
    new Request("https://gateway.test/v1", { headers: { authorization: `Bearer ${key}` } }),
  );
  expect(await answer.json()).toMatchObject({
    kind: "api-key",
    credentialId: record.id,
    userId: record.id,
    access,
    resources: ["mcp", "v1"],
  });
});

test("gives each caller what its key says of models, progress, approvals and Open WebUI", async () => {
  const place = createPlace();
  const options = {
    models: ["local/*"],
    progress: "text",
    approvals: "ask",
    openWebui: "jwt",
    resourceTools: true,
  } as const;
  const { key } = await place.keys.create({ name: "chat", ...options });
  const plain = await place.keys.create({ name: "plain" });
  expect(await (await place.fetch(asking(key))).json()).toMatchObject({
    ...options,
    models: [options.models],
  });
  const caller = await (await place.fetch(asking(plain.key))).json<object>();
  expect(Object.keys(options).filter((option) => option in caller)).toEqual([]);
});

function asking(key: string): Request {
  return new Request("https://gateway.test/v1", { headers: { authorization: `Bearer ${key}` } });
}

test("refuses names, expiries and patterns that cannot be meant", async () => {
  const { keys } = createPlace();
  for (const wanted of [
    { name: " " },
    { name: "x".repeat(101) },
    { name: "late", expiresAt: Date.now() - 1 },
    { name: "wide", access: { allow: ["x".repeat(201)], deny: [] } },
    { name: "models", models: [""] },
  ]) {
    await expect(keys.create(wanted)).rejects.toMatchObject({ code: "invalid_params" });
  }
  await expect(keys.revoke("key-unknown")).rejects.toMatchObject({ code: "not_found" });
});
