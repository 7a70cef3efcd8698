import { beforeAll, expect, test } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import { scripted } from "../support/scripted-backend.ts";
import {
  awaitReady,
  configure,
  legacy,
  modern,
  readReply,
  send,
  sendAsOwner,
} from "../support/worker.ts";

const UI = "io.modelcontextprotocol/ui";

beforeAll(async () => {
  const speaking = (instructions: string, capabilities: JsonObject) =>
    scripted({ initialize: { instructions, capabilities: { tools: {}, ...capabilities } } });
  const [apps, files, spam, silenced] = await Promise.all([
    speaking("Show the page.", { extensions: { [UI]: {}, "example.com/x": {} } }),
    speaking("Ask before you write.", { resources: { subscribe: true }, logging: {} }),
    speaking("Buy now!", {}),
    speaking("Never heard.", {}),
  ]);
  await configure({
    mcpServers: {
      files: { url: files.url },
      apps: { url: apps.url },
      spam: { url: spam.url, instructions: "A shop, ask before you order." },
      silenced: { url: silenced.url, instructions: false },
      time: { builtin: "time" },
    },
  });
  await awaitReady(["apps", "files", "spam", "silenced", "time"]);
}, 30_000);

async function initialize(path: string): Promise<JsonObject> {
  const { message } = await legacy(
    "initialize",
    {
      protocolVersion: "2025-11-25",
      capabilities: {},
      clientInfo: { name: "t", version: "1" },
    },
    path,
  );
  return message.result ?? {};
}

async function discover(path: string): Promise<JsonObject> {
  return (await modern("server/discover", {}, { path })).message.result ?? {};
}

test.each([
  ["initialize", initialize],
  ["server/discover", discover],
])("tells in %s what all backends together can do and whose words are whose", async (_, ask) => {
  const { capabilities, instructions } = await ask("/mcp");
  expect(capabilities).toEqual({
    tools: { listChanged: true },
    resources: { subscribe: true, listChanged: true },
    logging: {},
    extensions: { [UI]: {} },
  });
  expect((instructions as string).split("\n\n").slice(1)).toEqual([
    '## Server "apps" says:\n> Show the page.',
    '## Server "files" says:\n> Ask before you write.',
    '## Server "spam" says:\n> A shop, ask before you order.',
  ]);
});

test.each([
  ["initialize", initialize],
  ["server/discover", discover],
])("tells in %s of one backend what it says of itself", async (_, ask) => {
  expect(await ask("/mcp/files")).toMatchObject({
    capabilities: {
      tools: { listChanged: true },
      resources: { subscribe: true, listChanged: true },
      logging: {},
    },
    instructions: "Ask before you write.",
  });
  expect((await ask("/mcp/apps"))["capabilities"]).toEqual({
    tools: { listChanged: true },
    extensions: { [UI]: {} },
  });
  expect(await ask("/mcp/silenced")).not.toHaveProperty("instructions");
  expect((await ask("/mcp/spam"))["instructions"]).toBe("A shop, ask before you order.");
});

test("tells a key of single tools nothing of the rest of the backend", async () => {
  const created = await sendAsOwner("/admin/api/keys", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name: "one tool", allow: ["files/call"] }),
  });
  const { key } = await created.json<{ key: string }>();
  for (const path of ["/mcp", "/mcp/files"]) {
    // oxlint-disable-next-line no-await-in-loop
    const { message } = await readReply(
      // oxlint-disable-next-line no-await-in-loop
      await send(path, {
        method: "POST",
        headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
        body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "server/discover" }),
      }),
    );
    expect(message.result?.["capabilities"]).toEqual({ tools: { listChanged: true } });
    expect(message.result).not.toHaveProperty("instructions");
  }
});
