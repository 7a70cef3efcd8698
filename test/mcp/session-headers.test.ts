import { afterEach, beforeAll, expect, inject, test } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import { openRawSession, type RawSession } from "../support/raw-session.ts";
import {
  awaitReady,
  configure,
  readReply,
  type RpcReply,
  sendAuthorized,
} from "../support/worker.ts";

/** What real clients do with the session they are given, right and wrong. */

const PATH = "/mcp/one";
const MODERN_META = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientCapabilities": {},
};
const ECHOED = { content: [{ type: "text", text: '{"a":1}' }] };

beforeAll(async () => {
  await configure({ mcpServers: { one: { url: inject("fixtures").legacySession } } });
  await awaitReady(["one"]);
}, 30_000);

async function call(headers: Record<string, string>, meta?: JsonObject): Promise<RpcReply> {
  const params = {
    name: "echo",
    arguments: { a: 1 },
    ...(meta === undefined ? {} : { _meta: meta }),
  };
  const response = await sendAuthorized(PATH, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      ...headers,
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 7, method: "tools/call", params }),
  });
  return readReply(response);
}

const opened: RawSession[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((one) => one.end()));
});

async function session(capabilities: object): Promise<Record<string, string>> {
  const begun = await openRawSession(sendAuthorized, { path: PATH, capabilities });
  opened.push(begun);
  return { "mcp-session-id": begun.id };
}

/** With and without what makes a call run in the session's object. */
const DECLARED = [{}, { elicitation: {}, sampling: {}, roots: {} }];

test.each(DECLARED)("a client of %j that forgets its session is served", async (declared) => {
  await session(declared);
  for (const headers of [{}, { "mcp-protocol-version": "2025-11-25" }]) {
    const { status, message } = await call(headers);
    expect(status).toBe(200);
    expect(message.result).toEqual(ECHOED);
  }
});

test.each(DECLARED)("a client of %j that omits the version is served", async (declared) => {
  const { status, message } = await call(await session(declared));
  expect(status).toBe(200);
  expect(message.result).toEqual(ECHOED);
});

test.each(DECLARED)("a client of %j may name another legacy version", async (declared) => {
  const own = await session(declared);
  for (const version of ["2025-06-18", "2025-03-26", "2024-11-05"]) {
    const { message } = await call({ ...own, "mcp-protocol-version": version });
    expect(message.result).toEqual(ECHOED);
  }
});

test.each(DECLARED)(
  "a legacy session of %j goes on under the modern version header Claude sends",
  async (declared) => {
    const own = await session(declared);
    const { status, message } = await call({ ...own, "mcp-protocol-version": "2026-07-28" });
    expect(status).toBe(200);
    expect(message.result).toEqual(ECHOED);
  },
);

test("a modern body is taken at its word, whatever session and version its headers name", async () => {
  const own = await session({});
  for (const headers of [own, { "mcp-session-id": "never-opened" }]) {
    const legacyHeader = await call(
      { ...headers, "mcp-protocol-version": "2025-11-25" },
      MODERN_META,
    );
    expect(legacyHeader.message.result).toMatchObject({ ...ECHOED, resultType: "complete" });
    const modernHeaders = {
      ...headers,
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": "tools/call",
      "mcp-name": "echo",
    };
    const { message } = await call(modernHeaders, MODERN_META);
    expect(message.result).toMatchObject({ ...ECHOED, resultType: "complete" });
  }
});

test.each(DECLARED)("a client of %j that accepts anything gets JSON", async (declared) => {
  const own = await session(declared);
  for (const accept of ["*/*", "application/json", ""]) {
    const { headers, message } = await call({ ...own, accept });
    expect(headers.get("content-type")).toBe("application/json");
    expect(message.result).toEqual(ECHOED);
  }
});

test("a client with the id of a lost session is told so, and begins another", async () => {
  const lost = { "mcp-session-id": "from-before-everything-was-lost" };
  const { status, message } = await call({ ...lost, "mcp-protocol-version": "2025-11-25" });
  expect(status).toBe(404);
  expect(message).toMatchObject({ id: 7, error: { code: -32001 } });
  for (const method of ["GET", "DELETE"]) {
    const headers = { ...lost, accept: "text/event-stream" };
    const response = await sendAuthorized(PATH, { method, headers });
    expect(response.status).toBe(404);
    await response.text();
  }
  expect((await call(await session({}))).message.result).toEqual(ECHOED);
});
