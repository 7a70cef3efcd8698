import { beforeAll, expect, test } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import { ask, chat, readText } from "../openai/openai-replies.ts";
import { configureLlm, play } from "../openai/llm-chat.ts";
import { quirk } from "../support/backend-calls.ts";
import type { Arrived } from "../support/quirky-backends.ts";
import { askModern } from "../support/raw-modern.ts";
import { type Ask, openRawSession, outcomeOf } from "../support/raw-session.ts";
import { awaitReady, modern, readReply, sendAuthorized } from "../support/worker.ts";

/** Headers of a caller on every way to every kind of backend, as the backend sees them arrive. */

const BACKENDS = {
  json: quirk("plain"),
  session: quirk("session"),
  spoken: quirk("spoken"),
  modern: quirk("modern-headers"),
  stream: quirk("stream"),
  resumed: quirk("stream-resumed"),
  sse: quirk("sse-stream"),
};
type Name = keyof typeof BACKENDS;
/** The same kind of backend without the setting. */
const silent = quirk("plain");

const FORWARDING = {
  enabled: true,
  whitelist: ["X-Tenant", "x-user-*", "X-OpenWebUI-*"],
  blacklist: ["X-User-Secret"],
};

function sent(tenant: string): Record<string, string> {
  return {
    "X-TENANT": tenant,
    "X-User-Id": "7",
    "x-user-secret": "hush",
    "x-user-role": "forged",
    "x-other": "no",
    cookie: "a=b",
    "x-gateway-client": "test",
    "x-forwarded-for": "203.0.113.1",
  };
}
const ARRIVES = {
  "x-user-id": "7",
  "x-user-role": "configured",
  authorization: "Bearer of-the-backend",
};
const NEVER = ["x-user-secret", "x-other", "cookie", "x-gateway-client", "x-forwarded-for"];

beforeAll(async () => {
  const entries = Object.entries(BACKENDS).map(([name, { url }]): [string, JsonObject] => [
    name,
    {
      url,
      type: name === "sse" ? "sse" : "http",
      headers: { "X-User-Role": "configured", Authorization: "Bearer of-the-backend" },
      client_header_forwarding: FORWARDING,
    },
  ]);
  await configureLlm("header-forwarding", {
    mcpServers: { ...Object.fromEntries(entries), silent: { url: silent.url } },
  });
  await awaitReady([...Object.keys(BACKENDS), "silent"]);
}, 30_000);

/** Tests of one file run one after another, so the newest is the one just made. */
async function newestCall(backend: Pick<typeof silent, "arrived">): Promise<Arrived> {
  const arrived = await backend.arrived();
  const call = arrived.findLast(({ message }) => message?.method === "tools/call");
  if (call === undefined) throw new Error("no call has arrived");
  return call;
}

async function expectArrived(name: Name, tenant: string): Promise<void> {
  const { headers } = await newestCall(BACKENDS[name]);
  expect(headers).toMatchObject({ ...ARRIVES, "x-tenant": tenant });
  for (const absent of NEVER) expect(headers).not.toHaveProperty(absent);
}

function sending(headers: Record<string, string>): Ask {
  return (path, init) =>
    sendAuthorized(path, { ...init, headers: { ...init.headers, ...headers } });
}

const names = Object.keys(BACKENDS) as Name[];

test.each(names)("a legacy call reaches %s with the headers it is passed", async (name) => {
  const session = await sendAuthorized(`/mcp/${name}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...sent("legacy") },
    body: JSON.stringify(toolCall("call")),
  });
  expect((await readReply(session)).message.result).toBeDefined();
  await expectArrived(name, "legacy");
});

test.each(names)("a modern call reaches %s with the headers it is passed", async (name) => {
  const { message } = await modern("tools/call", toolCall(`${name}_call`).params, {
    headers: sent("modern"),
  });
  expect(message.result).toBeDefined();
  await expectArrived(name, "modern");
});

test("what the protocol says of a call to a modern backend stays as it is", async () => {
  await modern("tools/call", toolCall("modern_call").params, { headers: sent("any") });
  const { headers } = await newestCall(BACKENDS.modern);
  expect(headers).toMatchObject({
    "mcp-protocol-version": "2026-07-28",
    "mcp-method": "tools/call",
    "mcp-name": "call",
    "content-type": "application/json",
  });
});

test("whatever belongs to the call carries them too", async () => {
  const headers = sent("belongs");
  for (const name of ["stream", "resumed"]) {
    await modern("tools/call", toolCall(`${name}_call`).params, { headers });
  }
  const replies = async () =>
    (await BACKENDS.stream.arrived()).filter(
      ({ headers: { "x-tenant": tenant }, message }) =>
        tenant === "belongs" && message?.method === undefined,
    );
  await expect.poll(replies, { timeout: 5_000 }).toHaveLength(2);
  const rest = (await BACKENDS.resumed.arrived()).findLast(({ http }) => http === "GET");
  expect(rest?.headers).toMatchObject({ "x-tenant": "belongs", "last-event-id": "e1" });
});

test("two calls in one session of a client that can be asked each carry their own", async () => {
  const session = await openRawSession(sendAuthorized, { capabilities: { elicitation: {} } });
  for (const name of ["json", "session", "spoken", "sse"] as const) {
    for (const tenant of ["acme", "other"]) {
      const door = sending({ ...sent(tenant), "mcp-session-id": session.id });
      const response = await door("/mcp", {
        method: "POST",
        headers: { "content-type": "application/json", accept: BOTH },
        body: JSON.stringify(toolCall(`${name}_call`)),
      });
      expect((await readReply(response)).message.result).toBeDefined();
      await expectArrived(name, tenant);
    }
  }
  await session.end();
});

test.each(["json", "session", "sse"] as const)(
  "a call of a modern client that runs in its object reaches %s with them",
  async (name) => {
    const events = await askModern(
      sending(sent("held")),
      "tools/call",
      toolCall(`${name}_call`).params,
      { meta: { "mcp-edge-gateway/detach": 30 }, capabilities: { elicitation: {} } },
    );
    expect(outcomeOf(await events.answer())).not.toContain("error");
    await expectArrived(name, "held");
  },
);

test("each request of a batch carries them", async () => {
  const response = await sendAuthorized("/mcp/json", {
    method: "POST",
    headers: { "content-type": "application/json", ...sent("batch") },
    body: JSON.stringify([toolCall("call")]),
  });
  expect(await response.json()).toMatchObject([{ id: 1, result: {} }]);
  await expectArrived("json", "batch");
});

test("a call typed into a chat carries the headers of the chat", async () => {
  const headers = { "x-tenant": "typed", "x-openwebui-user-email": "ada@example.com" };
  await readText(await chat(ask("call json_call {}", { model: "mcp-gateway" }), headers));
  const { headers: arrived } = await newestCall(BACKENDS.json);
  expect(arrived).toMatchObject(headers);
});

test("a call that a model makes carries the headers of the chat", async () => {
  for (const name of ["json", "session"] as const) {
    const lines = [`CALL ${name}_call {}`, "THEN", "SAY done"];
    await readText(await play(lines, {}, sent(`chat-${name}`)));
    await expectArrived(name, `chat-${name}`);
  }
});

test("a call over REST carries them", async () => {
  const response = await sendAuthorized("/json/call", {
    method: "POST",
    headers: { "content-type": "application/json", ...sent("rest") },
    body: "{}",
  });
  expect(response.status).toBe(200);
  await response.text();
  await expectArrived("json", "rest");
});

test("a call whose header cannot be passed on is not made", async () => {
  const before = (await BACKENDS.json.arrived()).length;
  const { message } = await modern("tools/call", toolCall("json_call").params, {
    headers: { "x-tenant": "a\u0001b" },
  });
  expect(JSON.stringify(message)).toContain('\\"x-tenant\\" holds a control character');
  expect(await BACKENDS.json.arrived()).toHaveLength(before);
});

test("a backend without the setting is passed nothing", async () => {
  await modern("tools/call", toolCall("silent_call").params, { headers: sent("any") });
  const { headers } = await newestCall(silent);
  for (const name of ["x-tenant", ...Object.keys(ARRIVES), ...NEVER])
    expect(headers).not.toHaveProperty(name);
});

test("connecting and listing happen without anybody's headers", async () => {
  const PARTS_OF_A_CALL = new Set(["tools/call", undefined]);
  for (const { arrived } of Object.values(BACKENDS)) {
    const others = (await arrived()).filter(({ message }) => !PARTS_OF_A_CALL.has(message?.method));
    expect(others.length).toBeGreaterThan(0);
    for (const { headers } of others) expect(headers).not.toHaveProperty("x-tenant");
  }
});

const BOTH = "application/json, text/event-stream";

function toolCall(name: string) {
  return { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name, arguments: {} } };
}
