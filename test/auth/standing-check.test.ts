import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { createKeyStore } from "../../src/auth/key-store.ts";
import { createStandingCheck } from "../../src/auth/standing-check.ts";
import { OWNER_ID } from "../../src/auth/user-id.ts";
import { asRegistry } from "../../src/config/registry-client.ts";
import { createSnapshotSource } from "../../src/config/snapshot.ts";
import { testCaller } from "../support/test-caller.ts";

const context = { waitUntil: () => {} };

function createWorld() {
  const name = `registry ${crypto.randomUUID()}`;
  const registry = () => asRegistry(env.REGISTRY.getByName(name));
  const snapshots = createSnapshotSource(registry, Date.now);
  const keys = createKeyStore({ registry, mirror: env.GATEWAY_KV, now: Date.now });
  let listed = 0;
  const counted = {
    list: () => {
      listed += 1;
      return keys.list();
    },
  };
  const grants = new Map<string, string>();
  const check = createStandingCheck({
    snapshots,
    keys: counted,
    grants: () => ({ get: async (key) => grants.get(key) ?? null }),
    now: Date.now,
  });
  return { snapshots, keys, grants, check, listed: () => listed };
}

test("knows a key until it is revoked, and lists keys only when something has changed", async () => {
  const { keys, snapshots, check, listed } = createWorld();
  const { record } = await keys.create({ name: "laptop" });
  const caller = testCaller({ credentialId: record.id });
  expect(await check(caller, context)).toBe(true);
  expect(await check(caller, context)).toBe(true);
  expect(listed()).toBe(1);
  await keys.revoke(record.id);
  snapshots.expire();
  expect(await check(caller, context)).toBe(false);
});

test("knows a key that is newer than what it remembers", async () => {
  const { keys, check } = createWorld();
  const { record: first } = await keys.create({ name: "laptop" });
  await check(testCaller({ credentialId: first.id }), context);
  const { record: second } = await keys.create({ name: "phone" });
  expect(await check(testCaller({ credentialId: second.id }), context)).toBe(true);
});

test("knows a grant until it is gone", async () => {
  const { grants, check } = createWorld();
  const caller = testCaller({ kind: "oauth", userId: OWNER_ID, credentialId: "g1" });
  grants.set("grant:owner:g1", "{}");
  expect(await check(caller, context)).toBe(true);
  grants.clear();
  expect(await check(caller, context)).toBe(false);
});

test("takes nothing for good after its time", async () => {
  const { grants, check } = createWorld();
  grants.set("grant:owner:g1", "{}");
  const token = testCaller({ kind: "oauth", userId: OWNER_ID, credentialId: "g1" });
  expect(await check({ ...token, expiresAt: Date.now() - 1 }, context)).toBe(false);
  expect(await check({ ...token, expiresAt: Date.now() + 60_000 }, context)).toBe(true);
});
