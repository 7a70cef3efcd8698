import { readFile, writeFile } from "node:fs/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../support/child.ts";
import { CONFORMANCE_WIRES } from "../support/conformance-fixture.ts";
import { type Door, type FixtureGateway, startFixtureGateway } from "../support/fixture-gateway.ts";
import { type LiveClient, listenLegacy, listenModern } from "../support/live-clients.ts";
import { startQuirkyBackends } from "../support/quirky-backends.ts";

/** What changes behind the gateway reaches clients of both eras, through the real gateway. */

let house: FixtureGateway;
const open: LiveClient[] = [];

beforeAll(async () => {
  house = await startFixtureGateway();
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((client) => client.close()));
});
afterAll(() => house?.stop());

async function listen(
  connect: typeof listenLegacy,
  path: string,
  door: Door = house.gateway,
): Promise<LiveClient> {
  const client = await connect(door, path);
  open.push(client);
  return client;
}

function heardBy(client: LiveClient, what: string, withinMs = 4_000): Promise<void> {
  return eventually(
    `hearing ${what}`,
    async () => {
      if (!client.heard.includes(what)) throw new Error(`heard ${JSON.stringify(client.heard)}`);
    },
    withinMs,
  );
}

async function mint(rules: object): Promise<{ key: string; id: string }> {
  const response = await asOwner("POST", "/admin/api/keys", { name: "test", ...rules });
  return (await response.json()) as { key: string; id: string };
}

function asOwner(method: string, path: string, body?: object): Promise<Response> {
  const { url, ownerPassword } = house.gateway;
  return fetch(url + path, {
    method,
    headers: {
      authorization: `Basic ${btoa(`owner:${ownerPassword}`)}`,
      "content-type": "application/json",
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

const ERAS = [
  ["a legacy client", listenLegacy],
  ["a modern client", listenModern],
] as const;

describe.each(ERAS)("%s", (_, connect) => {
  test.each(["session", "sse", "modern"])(
    "hears at once that a list of the %s backend has changed, and reads the new one",
    async (backend) => {
      const client = await listen(connect, `/mcp/${backend}`);
      const before = await client.toolNames();
      await client.callTool("test_trigger_tool_change");
      await heardBy(client, "notifications/tools/list_changed");
      expect(await client.toolNames()).not.toEqual(before);
      await client.callTool("test_trigger_prompt_change");
      await heardBy(client, "notifications/prompts/list_changed");
      await client.callTool("test_trigger_resource_change");
      await heardBy(client, "notifications/resources/list_changed");
    },
  );

  test.each(["session", "sse", "modern"])(
    "hears of an updated resource of the %s backend, and of no other",
    async (backend) => {
      const client = await listen(connect, `/mcp/${backend}`);
      await client.watch("test://watched-resource");
      await client.callTool("test_update_resource", { uri: "test://static-text" });
      await client.callTool("test_update_resource", { uri: "test://watched-resource" });
      await heardBy(client, "notifications/resources/updated test://watched-resource");
      expect(client.heard.filter((what) => what.includes("static-text"))).toEqual([]);
    },
  );

  test("hears nothing of a backend its key may not see", async () => {
    const { key } = await mint({ allow: ["session"] });
    const blind = await listen(connect, "/mcp", { url: house.gateway.url, apiKey: key });
    const seeing = await listen(connect, "/mcp");
    await seeing.callTool("modern_test_trigger_prompt_change");
    await heardBy(seeing, "notifications/prompts/list_changed");
    await seeing.callTool("session_test_trigger_tool_change");
    await heardBy(blind, "notifications/tools/list_changed");
    expect(blind.heard).toEqual(["notifications/tools/list_changed"]);
  });

  test("stops hearing when its key is revoked", async () => {
    const { key, id } = await mint({});
    const client = await listen(connect, "/mcp", { url: house.gateway.url, apiKey: key });
    await asOwner("DELETE", `/admin/api/keys/${id}`);
    await client.ended;
  });
});

test("a storm of changes is told at most once a second", async () => {
  const clients = [
    await listen(listenLegacy, "/mcp/modern"),
    await listen(listenModern, "/mcp/modern"),
  ];
  const started = Date.now();
  for (let round = 0; round < 51; round += 1) {
    await clients[0]?.callTool("test_trigger_tool_change");
  }
  for (const client of clients) await heardBy(client, "notifications/tools/list_changed");
  const seconds = (Date.now() - started) / 1_000;
  for (const { heard } of clients) expect(heard.length).toBeLessThanOrEqual(seconds + 1);
});

test("clients of both eras hear of a backend that comes with the config and goes again", async () => {
  const clients = [await listen(listenLegacy, "/mcp"), await listen(listenModern, "/mcp")];
  const before = await readFile(house.config, "utf8");
  const { mcpServers } = JSON.parse(before) as { mcpServers: object };
  await writeFile(
    house.config,
    JSON.stringify({ mcpServers: { ...mcpServers, clock: { builtin: "time" } } }),
  );
  for (const client of clients) {
    await heardBy(client, "notifications/tools/list_changed", 10_000);
    expect(await client.toolNames()).toContain("clock_get_current_time");
    client.heard.length = 0;
  }
  await writeFile(house.config, before);
  for (const client of clients) {
    await heardBy(client, "notifications/tools/list_changed", 10_000);
    expect(await client.toolNames()).not.toContain("clock_get_current_time");
  }
});

test("clients of both eras hear of a backend that goes down and comes back", async () => {
  const clients = [await listen(listenLegacy, "/mcp"), await listen(listenModern, "/mcp")];
  const { port } = new URL(house.fixtures.json.url);
  await house.fixtures.json.close();
  await clients[0]?.callTool("json_echo");
  for (const client of clients) {
    await heardBy(client, "notifications/tools/list_changed", 15_000);
    client.heard.length = 0;
  }
  const again = await CONFORMANCE_WIRES["legacy-json"](Number(port));
  try {
    for (const client of clients) {
      await heardBy(client, "notifications/tools/list_changed", 30_000);
    }
  } finally {
    await again.close();
  }
});

test("clients of both eras hear what a backend says of its lists during a call", async () => {
  const scripted = await startQuirkyBackends();
  const { url } = scripted;
  const control = (change: object): Promise<Response> =>
    fetch(`${url}/control/spoken/a`, { method: "POST", body: JSON.stringify(change) });
  await control({ tools: ["mention"] });
  const before = await readFile(house.config, "utf8");
  const { mcpServers } = JSON.parse(before) as { mcpServers: object };
  const spoken = { type: "http", url: `${url}/spoken/a` };
  await writeFile(house.config, JSON.stringify({ mcpServers: { ...mcpServers, spoken } }));
  const clients = [await listen(listenLegacy, "/mcp"), await listen(listenModern, "/mcp")];
  await eventually("listing the backend", async () => {
    expect(await clients[0]?.toolNames()).toContain("spoken_mention");
  });
  await control({ tools: ["mention", "more"] });
  const messages = [{ jsonrpc: "2.0", method: "notifications/tools/list_changed" }];
  for (const client of clients) client.heard.length = 0;
  await clients[0]?.callTool("spoken_mention", { messages });
  for (const client of clients) {
    await heardBy(client, "notifications/tools/list_changed");
    // The first may still be that of the new backend: then another follows.
    // oxlint-disable-next-line no-await-in-loop
    await eventually("listing the new tool", async () => {
      expect(await client.toolNames()).toContain("spoken_more");
    });
  }
  await writeFile(house.config, before);
  await scripted.close();
});
