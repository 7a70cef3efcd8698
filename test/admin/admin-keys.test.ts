import { expect, test } from "vitest";
import { send, sendAsOwner } from "../support/worker.ts";

const KEYS = "/admin/api/keys";

function create(body: unknown): Promise<Response> {
  return sendAsOwner(KEYS, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}

async function statusWith(key: string): Promise<number> {
  const response = await send("/v1/models", { headers: { authorization: `Bearer ${key}` } });
  await response.text();
  return response.status;
}

type Created = { id: string; key: string; expiresAt: string | null };

test("shows a new key once and never again", async () => {
  const response = await create({ name: "laptop", allow: ["time"], deny: ["time/convert_time"] });
  expect(response.status).toBe(201);
  const created = await response.json<Created>();
  expect(created).toMatchObject({
    name: "laptop",
    key: expect.stringMatching(/^mgw_/),
    expiresAt: null,
    allow: ["time"],
    deny: ["time/convert_time"],
    resourceTools: false,
  });
  const listed = await (await sendAsOwner(KEYS)).text();
  expect(listed).toContain(created.id);
  expect(listed).not.toContain(created.key);
  expect(listed).not.toMatch(/hash|[0-9a-f]{64}/);
});

test("ends a key when it is revoked", async () => {
  const { id, key } = await (await create({ name: "short" })).json<Created>();
  expect(await statusWith(key)).toBe(200);
  const revoked = await sendAsOwner(`${KEYS}/${id}`, { method: "DELETE" });
  expect(revoked.status).toBe(204);
  await expect.poll(() => statusWith(key), { timeout: 8_000, interval: 250 }).toBe(401);
  expect((await sendAsOwner(`${KEYS}/${id}`, { method: "DELETE" })).status).toBe(404);
});

test("gives a key the lifetime it was asked for, under either name", async () => {
  for (const body of [
    { name: "a", expiresInSeconds: 3600 },
    { name: "b", ttl: 3600 },
  ]) {
    // oxlint-disable-next-line no-await-in-loop
    const { expiresAt } = await (await create(body)).json<Created>();
    const left = Date.parse(String(expiresAt)) - Date.now();
    expect(left).toBeGreaterThan(3_500_000);
    expect(left).toBeLessThanOrEqual(3_600_000);
  }
});

test("keeps that a key is for a client that knows tools only", async () => {
  for (const option of [{ resourceTools: true }, { resource_tools: true }]) {
    // oxlint-disable-next-line no-await-in-loop
    const { id } = await (await create({ name: "tools only", ...option })).json<Created>();
    // oxlint-disable-next-line no-await-in-loop
    const { keys } = await (await sendAsOwner(KEYS)).json<{ keys: { id: string }[] }>();
    expect(keys.find((key) => key.id === id)).toMatchObject({ resourceTools: true });
  }
});

test("keeps what a key says of models, progress, approvals and Open WebUI", async () => {
  const wanted = { models: ["local/*"], progress: "events", approvals: "always" };
  for (const trust of [{ openWebui: "jwt" }, { open_webui: "jwt" }]) {
    // oxlint-disable-next-line no-await-in-loop
    const created = await (await create({ name: "chat", ...wanted, ...trust })).json<Created>();
    expect(created).toMatchObject({ ...wanted, openWebui: "jwt" });
  }
  expect(await (await create({ name: "plain" })).json()).toMatchObject({
    models: null,
    progress: null,
    approvals: null,
    openWebui: null,
  });
});

test("makes no key of a request it does not understand whole", async () => {
  const requests = [
    {},
    { name: "" },
    { name: "x", denied: ["erp"] },
    { name: "x", ttl: -1 },
    { name: "x", ttl: 1, expiresInSeconds: 1 },
    { name: "x", allow: "erp" },
    { name: "x", resourceTools: "yes" },
    { name: "x", resourceTools: true, resource_tools: false },
    { name: "x", models: [] },
    { name: "x", models: "local/*" },
    { name: "x", progress: "loud" },
    { name: "x", approvals: true },
    { name: "x", openWebui: true },
    { name: "x", openWebui: "jwt", open_webui: "jwt" },
    [],
  ];
  for (const body of requests) {
    // oxlint-disable-next-line no-await-in-loop
    const response = await create(body);
    expect(response.status).toBe(400);
    // oxlint-disable-next-line no-await-in-loop
    expect(await response.json()).toMatchObject({ error: { code: "invalid_params" } });
  }
});
