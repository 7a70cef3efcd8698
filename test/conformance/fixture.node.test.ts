import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import {
  ElicitRequestSchema,
  ListRootsRequestSchema,
  LoggingMessageNotificationSchema,
  ResourceUpdatedNotificationSchema,
  ToolListChangedNotificationSchema,
} from "@modelcontextprotocol/sdk/types.js";
import { afterEach, beforeEach, expect, test } from "vitest";
import * as z from "zod";
import { eventually } from "../support/child.ts";
import { CONFORMANCE_WIRES } from "../support/conformance-fixture.ts";
import type { Fixture } from "../support/loopback-server.ts";

/** What the suite does not look at and other tests rely on, of the server with sessions. */

const URI = "test://watched-resource";
let fixture: Fixture;
let client: Client;
let heard: string[];

beforeEach(async () => {
  fixture = await CONFORMANCE_WIRES["legacy-session"]();
  heard = [];
  client = new Client(
    { name: "fixture-test", version: "1" },
    { capabilities: { elicitation: { form: {}, url: {} }, roots: { listChanged: true } } },
  );
  client.setRequestHandler(ListRootsRequestSchema, () => ({ roots: [{ uri: "file:///home" }] }));
  client.setRequestHandler(ElicitRequestSchema, ({ params: { message } }) => ({
    action: "accept",
    content: { answer: message, first: "1", second: "2" },
  }));
  client.setNotificationHandler(ToolListChangedNotificationSchema, () => {
    heard.push("tools");
  });
  client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => {
    heard.push(params.uri);
  });
  client.setNotificationHandler(LoggingMessageNotificationSchema, ({ params }) => {
    heard.push(params.level);
  });
  await client.connect(new StreamableHTTPClientTransport(new URL(fixture.url)));
  await eventually("its stream is open", async () =>
    expect(await log()).toContainEqual(expect.objectContaining({ method: "http/GET" })),
  );
});

afterEach(async () => {
  await client.close();
  await fixture.close();
});

const line = z.looseObject({ method: z.string() });

async function log(): Promise<z.infer<typeof line>[]> {
  const reply = await fetch(new URL("/log", fixture.url));
  return z.array(line).parse(await reply.json());
}

async function call(name: string, args: Record<string, unknown> = {}): Promise<string> {
  const result = await client.callTool({ name, arguments: args });
  return z.tuple([z.object({ text: z.string() })]).parse(result["content"])[0].text;
}

test("tells of a changed list, and changes it", async () => {
  const before = (await client.listTools()).tools.length;
  await call("test_trigger_tool_change");
  await eventually("the notification", async () => expect(heard).toEqual(["tools"]));
  expect((await client.listTools()).tools).toHaveLength(before + 1);
});

test("tells of a resource only while it is subscribed to", async () => {
  await call("test_update_resource", { uri: URI });
  await client.subscribeResource({ uri: URI });
  await call("test_update_resource", { uri: URI });
  await eventually("the notification", async () => expect(heard).toEqual([URI]));
  await client.unsubscribeResource({ uri: URI });
  await call("test_update_resource", { uri: URI });
  await call("test_trigger_tool_change");
  await eventually("what comes after it", async () => expect(heard).toEqual([URI, "tools"]));
});

test("logs from the level on that was set", async () => {
  await client.setLoggingLevel("critical");
  await call("test_log_levels");
  expect(heard).toEqual(["critical", "alert", "emergency"]);
});

test("asks two things at once, and whom it was told of", async () => {
  expect(JSON.parse(await call("test_two_questions"))).toMatchObject({
    first: { first: "1" },
    second: { second: "2" },
  });
  expect(await call("test_whoami_elicitation", { secret: "s1" })).toBe("s1:Who told me s1?");
});

test("learns the roots when the session begins, and again when they change", async () => {
  const roots = JSON.stringify([{ uri: "file:///home" }]);
  await eventually("the roots", async () => expect(await call("test_known_roots")).toBe(roots));
  expect(await call("test_list_roots")).toBe(roots);
  const asked = (await log()).filter(({ method }) => method === "response").length;
  await client.sendRootsListChanged();
  await eventually("asked again", async () =>
    expect((await log()).filter(({ method }) => method === "response")).toHaveLength(asked + 1),
  );
});

test("sends a person to a page first, and remembers who has been there", async () => {
  await expect(call("test_url_required", { id: "x" })).rejects.toMatchObject({
    code: -32_042,
    data: { elicitations: [{ mode: "url", elicitationId: "x" }] },
  });
  await call("test_url_required", { id: "x", done: true });
  expect(await call("test_url_required", { id: "x" })).toBe("Allowed: x");
  expect(await call("test_elicitation_url")).toBe("Visit: accept");
});

test("stops when the call is cancelled, and writes down what it heard", async () => {
  const abort = new AbortController();
  const waiting = client.callTool({ name: "test_slow", arguments: { ms: 60_000 } }, undefined, {
    signal: abort.signal,
  });
  await eventually("the call is there", async () =>
    expect(await log()).toContainEqual(
      expect.objectContaining({ params: expect.objectContaining({ name: "test_slow" }) }),
    ),
  );
  abort.abort();
  await expect(waiting).rejects.toThrow();
  await eventually("it has stopped", async () => {
    const methods = (await log()).map(({ method }) => method);
    expect(methods).toEqual(expect.arrayContaining(["notifications/cancelled", "aborted"]));
    expect(methods[0]).toBe("initialize");
  });
});
