import { expect, test } from "vitest";
import { askToConnect, dial } from "../support/dial-connector.ts";
import { configure, send, sendAsOwner } from "../support/worker.ts";

const USERS = "/admin/api/users";

type User = { id: string; name: string; disabled: boolean };

function ask(method: string, path: string, body?: unknown): Promise<Response> {
  return sendAsOwner(path, {
    method,
    ...(body === undefined
      ? {}
      : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
  });
}

async function add(body: Record<string, unknown>): Promise<User> {
  const answer = await ask("POST", USERS, body);
  expect(answer.status).toBe(201);
  return answer.json<User>();
}

async function addKey(body: Record<string, unknown>): Promise<{ id: string; key: string }> {
  const answer = await ask("POST", "/admin/api/keys", body);
  expect(answer.status).toBe(201);
  return answer.json();
}

async function statusWith(key: string): Promise<number> {
  const response = await send("/v1/models", { headers: { authorization: `Bearer ${key}` } });
  await response.text();
  return response.status;
}

const WITHIN = { timeout: 5_000, interval: 250 };

test("adds, shows, changes and removes a person", async () => {
  const rules = { allow: ["time"], readOnly: true };
  const ann = await add({ name: "Ann", email: "Ann@Example.com", groups: ["family"], rules });
  expect(ann).toMatchObject({
    id: expect.stringMatching(/^u-[0-9a-f]{20}$/),
    email: "ann@example.com",
    rules: { allow: ["time"], deny: [], readOnly: true },
    hasPassword: false,
    invitedUntil: null,
  });
  expect(await (await ask("GET", `${USERS}/${ann.id}`)).json()).toEqual(ann);
  const changed = await ask("PATCH", `${USERS}/${ann.id}`, { name: "Anna", email: null });
  expect(await changed.json()).toMatchObject({ name: "Anna", email: null, groups: ["family"] });
  const { users } = await (await ask("GET", USERS)).json<{ users: User[] }>();
  expect(users.map(({ name }) => name)).toContain("Anna");
  expect((await ask("DELETE", `${USERS}/${ann.id}`)).status).toBe(204);
  for (const [method, path] of [
    ["GET", ann.id],
    ["PATCH", ann.id],
    ["DELETE", ann.id],
    ["POST", `${ann.id}/invitation`],
    ["GET", "user:x"],
  ] as const) {
    // oxlint-disable-next-line no-await-in-loop
    const answer = await ask(method, `${USERS}/${path}`, method === "PATCH" ? {} : undefined);
    expect(answer.status, `${method} ${path}`).toBe(404);
  }
});

test("refuses what is misspelt, and gives nobody a password", async () => {
  const { id } = await add({ name: "Ben" });
  for (const body of [
    { name: "x", role: "admin" },
    { name: "x", rules: { denny: ["time"] } },
    { name: "x", password: "hunter2" },
    { name: "x", groups: "family" },
    [],
  ]) {
    // oxlint-disable-next-line no-await-in-loop
    expect((await ask("POST", USERS, body)).status).toBe(400);
  }
  for (const body of [{ password: "hunter2" }, { id: "u-1" }, { identities: [{}] }]) {
    // oxlint-disable-next-line no-await-in-loop
    expect((await ask("PATCH", `${USERS}/${id}`, body)).status).toBe(400);
  }
  expect((await ask("PUT", `${USERS}/${id}`, {})).headers.get("allow")).toContain("PATCH");
});

test("invites with a link that is shown once, the newest one alone", async () => {
  const { id } = await add({ name: "Cleo" });
  const first = await ask("POST", `${USERS}/${id}/invitation`);
  expect(first.status).toBe(201);
  const { link } = await first.json<{ link: string }>();
  expect(link).toMatch(/^https:\/\/gateway\.test\/me\/join\?code=u-[0-9a-f]{20}\.[\w-]{43}$/);
  const shown = await (await ask("GET", `${USERS}/${id}`)).text();
  expect(shown).toContain('"invitedUntil":"2');
  expect(shown).not.toContain(link.slice(-43));
});

test("makes a key for a person, which is theirs and dies with them", async () => {
  const dan = await add({ name: "Dan" });
  const wanted = { name: "laptop", user: dan.id, readOnly: true, mode: "search" };
  const made = await addKey({ ...wanted, limits: { perMinute: 100 } });
  expect(made).toMatchObject({ ...wanted, limits: { perMinute: 100 } });
  await expect.poll(() => statusWith(made.key), WITHIN).toBe(200);

  await ask("PATCH", `${USERS}/${dan.id}`, { disabled: true });
  await expect.poll(() => statusWith(made.key), WITHIN).toBe(401);
  await ask("PATCH", `${USERS}/${dan.id}`, { disabled: false });
  await expect.poll(() => statusWith(made.key), WITHIN).toBe(200);

  await ask("DELETE", `${USERS}/${dan.id}`);
  await expect.poll(() => statusWith(made.key), WITHIN).toBe(401);
  expect(await (await ask("GET", "/admin/api/keys")).text()).not.toContain(made.id);
});

test("makes no key for nobody", async () => {
  for (const [user, status] of [
    ["u-00000000000000000000", 404],
    ["key-1", 404],
    ["A:B", 400],
  ] as const) {
    // oxlint-disable-next-line no-await-in-loop
    const answer = await ask("POST", "/admin/api/keys", { name: "x", user });
    expect(answer.status).toBe(status);
  }
  const path = "/admin/api/grants?user=u-00000000000000000000";
  expect((await ask("GET", path)).status).toBe(404);
});

test("sends the connectors of somebody away who is disabled or removed", async () => {
  await configure({ mcpServers: { nas: { command: "nas-mcp" } } });
  const { id } = await add({ name: "Eve" });
  const { key } = await addKey({ name: "home", user: id, connect: ["nas"] });
  const dialled = await dial("nas", { key });
  await ask("PATCH", `${USERS}/${id}`, { disabled: true });
  expect(await dialled.closed).toMatchObject({ code: 4401 });
  const again = async (): Promise<number> => (await askToConnect("nas", { key })).status;
  await expect.poll(again, WITHIN).toBe(401);

  await ask("PATCH", `${USERS}/${id}`, { disabled: false });
  await expect.poll(again, WITHIN).toBe(101);
  const last = await dial("nas", { key });
  await ask("DELETE", `${USERS}/${id}`);
  expect(await last.closed).toMatchObject({ code: 4401 });
  await expect.poll(again, WITHIN).toBe(401);
});
