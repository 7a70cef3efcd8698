import { env } from "cloudflare:workers";
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import type { KeyedTexts } from "../../src/auth/oauth-kv.ts";
import { CONSENT_ROOM } from "../../src/auth/strong-kv.ts";
import { OWNER_ID } from "../../src/auth/user-id.ts";
import { createPlace, ORIGIN, PASSWORD, statusWith } from "../support/identity-app.ts";
import {
  authorizeUrl,
  codeForm,
  obtainTokens,
  openConsent,
  postToken,
  readTokens,
  redirectOf,
  refreshForm,
  register,
  submitConsent,
} from "../support/oauth-flow.ts";

const place = createPlace();

/** Forgets everything that is only in memory, in both objects of a sign-in. */
async function evict(): Promise<void> {
  for (const name of [OWNER_ID, CONSENT_ROOM]) {
    const stub = env.GRANTS.getByName(name);
    await stub.get("wakes it up: only what runs can be evicted");
    await evictDurableObject(stub);
  }
}

test("keeps a sign-in going through an eviction at every step", async () => {
  const client = await register(place.fetch, ORIGIN);
  const consent = await openConsent(place.fetch, await authorizeUrl(ORIGIN, client));
  await evict();
  const decided = await submitConsent(place.fetch, consent, { password: PASSWORD });
  await evict();
  const code = redirectOf(decided).searchParams.get("code") ?? "";
  const form = codeForm(client, code, consent.verifier);
  const tokens = await readTokens(await postToken(place.fetch, ORIGIN, form));
  await evict();
  expect(await readTokens(await postToken(place.fetch, ORIGIN, form))).toEqual(tokens);
  expect(await statusWith(place, tokens.accessToken)).toBe(200);
  const refresh = refreshForm(client, tokens.refreshToken);
  const refreshed = await readTokens(await postToken(place.fetch, ORIGIN, refresh));
  await evict();
  expect(await readTokens(await postToken(place.fetch, ORIGIN, refresh))).toEqual(refreshed);
  expect(await statusWith(place, refreshed.accessToken)).toBe(200);
});

test("stores no code, token or verifier in clear, and copies grants to KV", async () => {
  const tokens = await obtainTokens(place.fetch, ORIGIN, PASSWORD);
  const secrets = [tokens.accessToken, tokens.refreshToken].map((one) => one.split(":")[2] ?? "");
  const stub = env.GRANTS.getByName(OWNER_ID);
  const rows = await runInDurableObject(stub, async (_, state) =>
    JSON.stringify(state.storage.sql.exec("SELECT * FROM rows").toArray()),
  );
  for (const secret of secrets) expect(rows).not.toContain(secret);

  await runDurableObjectAlarm(stub);
  const [, grant = ""] = tokens.accessToken.split(":");
  const copied = await env.GATEWAY_KV.get(`grant:${OWNER_ID}:${grant}`);
  expect(copied).toContain(tokens.client.clientId);
  for (const secret of secrets) expect(copied).not.toContain(secret);
});

test("takes a revoked grant out of KV again", async () => {
  const { client, accessToken, refreshToken } = await obtainTokens(place.fetch, ORIGIN, PASSWORD);
  const stub = env.GRANTS.getByName(OWNER_ID);
  await runDurableObjectAlarm(stub);
  await postToken(place.fetch, ORIGIN, { client_id: client.clientId, token: refreshToken });
  await runDurableObjectAlarm(stub);
  const [, grant = ""] = accessToken.split(":");
  expect(await env.GATEWAY_KV.get(`grant:${OWNER_ID}:${grant}`)).toBeNull();
});

test("lists a user's rows in pages and never those that are over", async () => {
  const stub: KeyedTexts = env.GRANTS.getByName("rows-of-a-test");
  const later = Date.now() + 60_000;
  for (const name of ["a", "b", "c"]) {
    await stub.put(`grant:x:${name}`, name, { expires: later, metadata: '{"n":1}' });
  }
  await stub.put("grant:x:old", "old", { expires: Date.now() - 1 });
  await stub.put("token:x:a", "t", {});
  const first = await stub.list({ prefix: "grant:x:", limit: 2 });
  expect(first).toMatchObject({
    keys: [{ name: "grant:x:a", metadata: { n: 1 } }, { name: "grant:x:b" }],
    list_complete: false,
  });
  const rest = await stub.list({ prefix: "grant:x:", limit: 2, cursor: "grant:x:b" });
  expect(rest).toMatchObject({ keys: [{ name: "grant:x:c" }], list_complete: true });
  expect(await stub.get("grant:x:old")).toBeNull();
});

test("sweeps what is over and does so again without harm", async () => {
  const stub = env.GRANTS.getByName("swept-in-a-test");
  await stub.put("transaction:over", "x", { expires: Date.now() - 1 });
  await stub.put("transaction:open", "x", { expires: Date.now() + 60_000 });
  await runInDurableObject(stub, async (instance) => {
    await instance.alarm();
    await instance.alarm();
  });
  const left = await runInDurableObject(stub, async (_, state) =>
    state.storage.sql.exec<{ key: string }>("SELECT key FROM rows").toArray(),
  );
  expect(left).toEqual([{ key: "transaction:open" }]);
});

test("ends every grant of a client that is deleted", async () => {
  const { client, accessToken, refreshToken } = await obtainTokens(place.fetch, ORIGIN, PASSWORD);
  const other = await obtainTokens(place.fetch, ORIGIN, PASSWORD);
  await place.oauth(ORIGIN).deleteClient(client.clientId);
  expect(await statusWith(place, accessToken)).toBe(401);
  const refused = await postToken(place.fetch, ORIGIN, refreshForm(client, refreshToken));
  expect(refused.status).toBe(401);
  expect(await refused.json()).toMatchObject({ error: "invalid_client" });
  expect(await statusWith(place, other.accessToken)).toBe(200);
});

test("ends one grant of the owner's list", async () => {
  const { accessToken } = await obtainTokens(place.fetch, ORIGIN, PASSWORD);
  const [user = "", grant = ""] = accessToken.split(":");
  const oauth = place.oauth(ORIGIN);
  expect((await oauth.listUserGrants(user)).items.map(({ id }) => id)).toContain(grant);
  await oauth.revokeGrant(grant, user);
  expect(await statusWith(place, accessToken)).toBe(401);
});
