import { beforeAll, expect, test } from "vitest";
import { askToConnect, dial } from "../support/dial-connector.ts";
import { configure, send, sendAsOwner, STATIC_KEY } from "../support/worker.ts";

beforeAll(async () => {
  await configure({
    mcpServers: {
      nas: { connector: true },
      crowd: { type: "connector" },
      drive: { command: "truenas-mcp", env: { KEY: "hunter2" } },
      time: { builtin: "time" },
    },
  });
});

async function keyFor(connect: readonly string[], change: object = {}): Promise<string> {
  const response = await sendAsOwner("/admin/api/keys", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name: "cellar", connect, ...change }),
  });
  const { key } = await response.json<{ key: string }>();
  return key;
}

type Refused = { status: number; code: string; message: string; headers: Headers };

async function refusal(backend: string, options = {}): Promise<Refused> {
  const response = await askToConnect(backend, options);
  const { error } = await response.json<{ error: { code: string; message: string } }>();
  return { status: response.status, headers: response.headers, ...error };
}

test("lets the command of this machine bring every backend that is a connector's", async () => {
  for (const name of ["nas", "drive"]) {
    // oxlint-disable-next-line no-await-in-loop
    (await dial(name)).hangUp();
  }
});

test("lets a key bring what it names and nothing else", async () => {
  const key = await keyFor(["nas"]);
  (await dial("nas", { key })).hangUp();
  expect(await refusal("drive", { key })).toMatchObject({
    status: 403,
    code: "forbidden",
    message: 'Cannot connect: this key may not bring "drive"',
  });
});

test("says the same of a backend that is there and one that is not, to a key without the right", async () => {
  const key = await keyFor(["drive"]);
  const there = await refusal("nas", { key });
  const missing = await refusal("cellar", { key });
  expect([there.status, there.message]).toEqual([
    missing.status,
    missing.message.replace("cellar", "nas"),
  ]);
});

test("knows no backend that is not a connector's", async () => {
  const key = await keyFor(["*"]);
  for (const name of ["time", "nothing"]) {
    // oxlint-disable-next-line no-await-in-loop
    expect(await refusal(name, { key })).toMatchObject({
      status: 404,
      message: `Cannot connect: the gateway's config has no "${name}" for a connector`,
    });
  }
});

test.each([
  ["no key", { headers: { authorization: "" } }, 401, "unauthorized"],
  ["a key nobody made", { key: `mgw_${"a".repeat(43)}` }, 401, "unauthorized"],
  ["the key of clients", { key: STATIC_KEY }, 403, "forbidden"],
  ["the word of a browser", { headers: { origin: "https://gateway.test" } }, 403, "forbidden"],
  ["no upgrade", { headers: { upgrade: "" } }, 426, "upgrade_required"],
  [
    "a protocol of another version",
    { headers: { "sec-websocket-protocol": "mcp-connector.9" } },
    426,
    "upgrade_required",
  ],
])("refuses %s in plain HTTP, with a sentence", async (_, options, status, code) => {
  expect(await refusal("nas", options)).toMatchObject({
    status,
    code,
    message: expect.stringMatching(/^Cannot connect: .{10,}/),
  });
});

test("names a realm to who has no key, and no document for clients", async () => {
  const { headers } = await refusal("nas", { headers: { authorization: "" } });
  expect(headers.get("www-authenticate")).toBe('Bearer realm="mcp-edge-gateway connectors"');
});

test("refuses a key of a client, whatever that may do", async () => {
  const response = await sendAsOwner("/admin/api/keys", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name: "laptop" }),
  });
  const { key } = await response.json<{ key: string }>();
  expect((await refusal("nas", { key })).status).toBe(403);
});

test("a key for connectors is good for nothing else", async () => {
  const key = await keyFor(["*"]);
  const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" });
  const statuses = await Promise.all([
    send("/mcp", { method: "POST", headers, body }),
    send("/mcp/time", { method: "POST", headers, body }),
    send("/v1/models", { headers }),
    send("/v1/tools", { headers }),
    send("/status", { headers }),
    send("/admin/api/config", { headers }),
  ]);
  expect(statuses.map(({ status }) => status)).toEqual([403, 403, 403, 403, 403, 401]);
  await Promise.all(statuses.map((response) => response.text()));
});

test.each([{ allow: ["time"] }, { deny: ["x"] }, { models: ["*"] }, { approvals: "ask" }])(
  "no key is made for connectors and for clients: %j",
  async (other) => {
    const response = await sendAsOwner("/admin/api/keys", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ name: "both", connect: ["nas"], ...other }),
    });
    expect(response.status).toBe(400);
    expect(await response.text()).toContain(`leave out \\"${Object.keys(other)[0]}\\"`);
  },
);

test("shows the owner which key is for connectors", async () => {
  await keyFor(["nas", "drive"]);
  const { keys } = await (await sendAsOwner("/admin/api/keys")).json<{ keys: object[] }>();
  expect(keys).toContainEqual(expect.objectContaining({ connect: ["nas", "drive"] }));
});

test("lets nobody in whose key has ended", async () => {
  const key = await keyFor(["nas"], { expiresInSeconds: 1 });
  await expect
    .poll(async () => (await askToConnect("nas", { key })).status, { timeout: 5_000 })
    .toBe(401);
});

test("turns away more that wait at once than any mistake needs", async () => {
  const dialled = await Promise.all(Array.from({ length: 8 }, () => dial("crowd")));
  expect(await refusal("crowd")).toMatchObject({ status: 429, code: "rate_limited" });
  for (const one of dialled) one.hangUp();
});
