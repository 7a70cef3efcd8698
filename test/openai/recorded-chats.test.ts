import { beforeAll, expect, inject, test, vi } from "vitest";
import type { StoredEvent } from "../../src/telemetry/audit-event.ts";
import { quirk } from "../support/backend-calls.ts";
import type { Arrived } from "../support/quirky-backends.ts";
import { openRawSession } from "../support/raw-session.ts";
import { awaitReady, legacy, modern, sendAsOwner, sendAuthorized } from "../support/worker.ts";
import { configureLlm, play, script } from "./llm-chat.ts";
import { chat, readStream, readText } from "./openai-replies.ts";

/** What the audit keeps of chats, and the trace of a caller on its way to everybody behind us. */

const KEY = "recorded-chats";
const TRACE_ID = "0af7651916cd43dd8448eb211c80319c";
const TRACE = {
  traceparent: `00-${TRACE_ID}-b7ad6b7169203331-01`,
  tracestate: "congo=t61rcWkgMzE",
};
const BACKENDS = {
  json: quirk("plain"),
  session: quirk("session"),
  modern: quirk("modern-headers"),
  sse: quirk("sse-stream"),
};
const NAMES = Object.keys(BACKENDS) as (keyof typeof BACKENDS)[];

beforeAll(async () => {
  const entries = Object.entries(BACKENDS).map(([name, { url }]) => [
    name,
    { url, type: name === "sse" ? "sse" : "http" },
  ]);
  await configureLlm(KEY, { mcpServers: Object.fromEntries(entries) });
  await awaitReady(NAMES);
}, 60_000);

/** Once the trail has handed over what `holds` waits for. */
function recorded(holds: (newest: StoredEvent) => boolean, query = ""): Promise<StoredEvent[]> {
  return vi.waitUntil(
    async () => {
      const response = await sendAsOwner(`/admin/api/audit?limit=20${query}`);
      const { events } = await response.json<{ events: StoredEvent[] }>();
      return events.some(holds) && events;
    },
    { timeout: 10_000, interval: 200 },
  );
}

async function newestCall({ arrived }: { arrived: () => Promise<Arrived[]> }): Promise<Arrived> {
  const call = (await arrived()).findLast(({ message }) => message?.method === "tools/call");
  if (call === undefined) throw new Error("no call has arrived");
  return call;
}

async function providerHeaders(): Promise<Record<string, string>> {
  const response = await fetch(`${inject("fixtures").llm}/openai/${KEY}/__reqs`);
  const requests = await response.json<{ path: string; headers: Record<string, string> }[]>();
  return requests.findLast(({ path }) => path.includes("/chat/completions"))?.headers ?? {};
}

test("keeps a chat with its model, its tokens and, beside it, its tool calls", async () => {
  await readText(await play(["CALL json_call {}", "THEN", "SAY done"]));
  const events = await recorded(({ kind }) => kind === "chat");
  expect(events.slice(0, 2)).toMatchObject([
    {
      kind: "chat",
      surface: "openai",
      backend: "openai",
      target: "scripted-1",
      outcome: "ok",
      tokens: { input: expect.any(Number), output: expect.any(Number) },
    },
    { kind: "call", surface: "openai", backend: "json", target: "call", outcome: "ok" },
  ]);
  expect(events[0]?.requestId).toBe(events[1]?.requestId);
  expect(JSON.stringify(events)).not.toContain("done");
});

test("keeps a streamed, a relayed and a failed chat as well", async () => {
  const plain = { model: "openai/scripted-1", tool_choice: "none" };
  const told = async (body: object): Promise<StoredEvent | undefined> => {
    const [before] = await recorded(() => true);
    const answer = await chat({ ...script(["SAY hello"]), ...body });
    if (answer.headers.get("content-type")?.includes("event-stream")) await readStream(answer);
    else await answer.text();
    const since = `&kind=chat&since=${before?.id ?? 0}`;
    return (await recorded(() => true, since))[0];
  };
  expect(await told({ stream: true })).toMatchObject({ outcome: "ok" });
  expect(await told(plain)).toMatchObject({
    outcome: "ok",
    tokens: { output: expect.any(Number) },
  });
  const usage = { stream: true, stream_options: { include_usage: true } };
  expect(await told({ ...plain, ...usage })).toMatchObject({
    outcome: "ok",
    tokens: { output: expect.any(Number) },
  });
  const failing = { messages: [{ role: "user", content: "ERR 400" }] };
  expect(await told({ ...plain, ...failing })).toMatchObject({ outcome: "failed" });
  expect(await told(failing)).toMatchObject({ outcome: "failed" });
  const response = await sendAuthorized("/v1/responses", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model: "openai/scripted-1", input: "SAY hi" }),
  });
  await response.text();
  const id = response.headers.get("x-request-id");
  const [event] = await recorded(({ requestId }) => requestId === id, "&kind=chat");
  expect(event).toMatchObject({ kind: "chat", outcome: "ok", target: "scripted-1" });
});

test.each(NAMES)("the trace of a call goes on to %s", async (name) => {
  const init = { headers: { "content-type": "application/json", ...TRACE } };
  const body = { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "call" } };
  const answer = await sendAuthorized(`/mcp/${name}`, {
    method: "POST",
    ...init,
    body: JSON.stringify(body),
  });
  await answer.text();
  const { headers, message } = await newestCall(BACKENDS[name]);
  expect(headers).toMatchObject(TRACE);
  const meta = message?.params?.["_meta"];
  if (name === "modern") expect(meta).toMatchObject(TRACE);
  else expect(meta).toBeUndefined();
});

test("what a client says of its trace in the request itself stays as it is", async () => {
  const own = { traceparent: TRACE.traceparent.replace("b7ad", "ffff") };
  await modern(
    "tools/call",
    { name: "modern_call", arguments: {}, _meta: own },
    { headers: TRACE },
  );
  const { message } = await newestCall(BACKENDS.modern);
  expect(message?.params?.["_meta"]).toMatchObject(own);
});

test("a trace reaches the backend from a session, from REST and from a chat", async () => {
  const session = await openRawSession(sendAuthorized, { capabilities: { elicitation: {} } });
  const post = { method: "POST", headers: { "content-type": "application/json", ...TRACE } };
  const call = { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "json_call" } };
  const ways = [
    () =>
      sendAuthorized("/mcp", {
        ...post,
        headers: { ...post.headers, "mcp-session-id": session.id },
        body: JSON.stringify(call),
      }),
    () => sendAuthorized("/json/call", { ...post, body: "{}" }),
    () => play(["CALL json_call {}", "THEN", "SAY done"], {}, TRACE),
  ];
  for (const way of ways) {
    // oxlint-disable-next-line no-await-in-loop -- the newest call is the one just made
    await (await way()).text();
    // oxlint-disable-next-line no-await-in-loop
    expect((await newestCall(BACKENDS.json)).headers).toMatchObject(TRACE);
  }
  expect(await providerHeaders()).toMatchObject(TRACE);
  await session.end();
  const events = await recorded(({ trace }) => trace === TRACE_ID);
  expect(events.find(({ kind, trace }) => kind === "call" && trace === TRACE_ID)).toBeDefined();
});

test("nobody is told of a trace where there is none, or a bad one", async () => {
  await legacy("tools/call", { name: "json_call" });
  expect((await newestCall(BACKENDS.json)).headers).not.toHaveProperty("traceparent");
  await modern("tools/call", { name: "json_call" }, { headers: { traceparent: "evil" } });
  expect((await newestCall(BACKENDS.json)).headers).not.toHaveProperty("traceparent");
  await readText(await play(["SAY hi"], {}, { traceparent: "evil" }));
  expect(await providerHeaders()).not.toHaveProperty("traceparent");
});
