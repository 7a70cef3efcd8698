import { beforeAll, expect, inject, test } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import { bridgeTo } from "../support/bridge-server.ts";
import { connectServer, echoServer } from "../support/connect-server.ts";
import { askModern } from "../support/raw-modern.ts";
import { type Ask, openRawSession, outcomeOf } from "../support/raw-session.ts";
import { awaitReady, configure, sendAuthorized } from "../support/worker.ts";

/** What passes between clients and a local server besides answers, through the whole gateway. */

const ask: Ask = sendAuthorized;
const CAPABILITIES = { elicitation: {} };
const WHOAMI = { name: "test_whoami_elicitation", arguments: { secret: "s" } };
const ADA = { action: "accept", content: { answer: "Ada" } };

let tools = ["echo"];
const CHANGING = echoServer({
  initialize: () => ({
    protocolVersion: "2025-11-25",
    capabilities: { tools: { listChanged: true }, resources: { subscribe: true } },
    serverInfo: { name: "changing", version: "1.0" },
  }),
  "tools/list": () => ({
    tools: tools.map((name) => ({ name, inputSchema: { type: "object" } })),
  }),
  "resources/list": () => ({ resources: [{ name: "log", uri: "file:///log" }] }),
  "resources/templates/list": () => ({ resourceTemplates: [] }),
  "resources/subscribe": () => ({}),
  "resources/unsubscribe": () => ({}),
});

beforeAll(async () => {
  const { legacySession, changing } = inject("fixtures");
  await configure({
    mcpServers: {
      legacy: { connector: true },
      modern: { connector: true },
      changing: { connector: true },
    },
  });
  await connectServer("legacy", bridgeTo(legacySession));
  await connectServer("modern", bridgeTo(changing.modern));
  await awaitReady(["legacy", "modern"]);
}, 30_000);

test.each(["legacy", "modern"])("a %s server asks a legacy client", async (server) => {
  const session = await openRawSession(ask, {
    path: `/mcp/${server}`,
    capabilities: CAPABILITIES,
  });
  const stream = await session.call(1, WHOAMI.name, WHOAMI.arguments);
  const { id } = await stream.question();
  await session.post({ id, result: ADA });
  expect(outcomeOf(await stream.answer())).toBe("s:Ada");
  await session.end();
});

test.each(["legacy", "modern"])("a %s server asks a modern client", async (server) => {
  const wish = { path: `/mcp/${server}`, capabilities: CAPABILITIES };
  const call = async (more: JsonObject = {}): Promise<JsonObject> =>
    (await askModern(ask, "tools/call", { ...WHOAMI, ...more }, wish)).answer();
  const asked = await call();
  const { requestState = null, inputRequests } = asked["result"] as JsonObject;
  const [key = ""] = Object.keys(inputRequests as JsonObject);
  expect(outcomeOf(await call({ requestState, inputResponses: { [key]: ADA } }))).toBe("s:Ada");
});

test("clients hear of changed lists and resources, and of a server that comes and goes", async () => {
  const connector = await connectServer("changing", CHANGING);
  await awaitReady(["changing"]);
  const session = await openRawSession(ask, { path: "/mcp/changing" });
  const stream = await session.listen();
  const listChanged = (): Promise<JsonObject> =>
    stream.until(({ method }) => method === "notifications/tools/list_changed");
  await (await session.request(1, "resources/subscribe", { uri: "file:///log" })).answer();
  await expect
    .poll(() => connector.received.map(({ method }) => method), { timeout: 8_000 })
    .toContain("resources/subscribe");

  tools = ["echo", "added"];
  connector.tell({ jsonrpc: "2.0", method: "notifications/tools/list_changed" });
  await listChanged();
  const updated = { method: "notifications/resources/updated", params: { uri: "file:///log" } };
  connector.tell({ jsonrpc: "2.0", ...updated });
  expect(await stream.until(({ method }) => method === updated.method)).toMatchObject(updated);

  connector.hangUp();
  await listChanged();
  const back = await connectServer("changing", CHANGING);
  await listChanged();
  await expect
    .poll(() => back.received.map(({ method }) => method), { timeout: 8_000 })
    .toContain("resources/subscribe");
  await session.end();
  back.hangUp();
}, 40_000);

test("a modern client hears of changes in a modern local server", async () => {
  const notifications = { toolsListChanged: true };
  const wish = { path: "/mcp/modern" };
  const stream = await askModern(ask, "subscriptions/listen", { notifications }, wish);
  await stream.until(({ method }) => method === "notifications/subscriptions/acknowledged");
  const changing = { name: "test_trigger_tool_change", arguments: {} };
  const heard = stream.until(({ method }) => method === "notifications/tools/list_changed");
  await (await askModern(ask, "tools/call", changing, wish)).answer();
  expect(await heard).toHaveProperty("params");
});
