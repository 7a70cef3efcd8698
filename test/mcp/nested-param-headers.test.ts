import { beforeAll, expect, test } from "vitest";
import { scripted } from "../support/scripted-backend.ts";
import { awaitReady, configure, modern, type RpcReply } from "../support/worker.ts";

beforeAll(async () => {
  const properties = {
    place: {
      type: "object",
      properties: { zone: { type: "integer", "x-mcp-header": "Zone" } },
    },
  };
  const { url } = await scripted({
    "tools/list": { tools: [{ name: "go", inputSchema: { type: "object", properties } }] },
  });
  await configure({ mcpServers: { nested: { url } } });
  await awaitReady(["nested"]);
}, 30_000);

function go(args: object, headers: Record<string, string>): Promise<RpcReply> {
  return modern(
    "tools/call",
    { name: "go", arguments: { ...args } },
    { path: "/mcp/nested", headers },
  );
}

test("compares a marked parameter with its header at any depth", async () => {
  const args = { place: { zone: 7 } };
  expect((await go(args, { "mcp-param-zone": "7" })).message).toHaveProperty("result");
  expect((await go({}, {})).message).toHaveProperty("result");
  const refused = [
    await go(args, { "mcp-param-zone": "8" }),
    await go(args, {}),
    await go({ place: {} }, { "mcp-param-zone": "7" }),
  ];
  for (const { status, message } of refused) {
    expect([status, message.error?.code]).toEqual([400, -32020]);
  }
});
