import type { Client as ModernClient } from "@modelcontextprotocol/client";
import type { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually } from "../support/child.ts";
import {
  connectLegacy,
  connectModern,
  type FixtureGateway,
  startFixtureGateway,
} from "../support/fixture-gateway.ts";

/** Calls that take longer than their client waits, through the real gateway. */

let house: FixtureGateway;

beforeAll(async () => {
  house = await startFixtureGateway({ entry: { detach: 0.3 } });
});
afterAll(() => house?.stop());

type Caller = Pick<Client, "callTool"> | Pick<ModernClient, "callTool">;

async function call(client: Caller, name: string, args: object): Promise<string> {
  const result = await client.callTool({ name, arguments: { ...args } });
  return (result as { content: { text: string }[] }).content.map(({ text }) => text).join("");
}

const handleIn = (text: string): string => / handle (\S+) /.exec(text)?.[1] ?? "";

test.each(["json", "session", "sse", "modern"])(
  "answers a slow call of the %s backend with a handle, and its result later",
  async (backend) => {
    for (const connect of [connectLegacy, connectModern]) {
      const client = await connect(house.gateway, `/mcp/${backend}`);
      expect(await call(client, "test_slow", { ms: 20 })).not.toContain("handle");
      const notice = await call(client, "test_slow", { ms: 1_500 });
      expect(notice).toContain("goes on in the background");
      const handle = handleIn(notice);
      expect(await call(client, "get_result", { handle, wait_seconds: 0 })).toMatch(
        /still running/,
      );
      const direct = await call(client, "test_slow", { ms: 1 });
      const result = await call(client, "get_result", { handle, wait_seconds: 10 });
      expect(result.replace("1500", "1")).toBe(direct);
      expect(await call(client, "get_result", { handle, wait_seconds: 0 })).toBe(result);
      await client.close();
    }
  },
);

test("lists get_result where a backend is configured so, and not for others' handles", async () => {
  const client = await connectLegacy(house.gateway, "/mcp");
  const { tools } = await client.listTools();
  expect(tools.map(({ name }) => name)).toContain("get_result");
  expect(await call(client, "get_result", { handle: "x".repeat(32) })).toMatch(
    /unknown or too old/,
  );
  await client.close();
});

async function ask(method: string, params: object): Promise<Record<string, unknown>> {
  const response = await fetch(`${house.gateway.url}/mcp/session`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${house.gateway.apiKey}`,
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": method,
      "mcp-name": String(
        (params as { name?: string }).name ?? (params as { taskId?: string }).taskId,
      ),
    },
    body: JSON.stringify({
      jsonrpc: "2.0",
      id: 1,
      method,
      params: {
        ...params,
        _meta: {
          "io.modelcontextprotocol/protocolVersion": "2026-07-28",
          "io.modelcontextprotocol/clientCapabilities": {
            elicitation: {},
            extensions: { "io.modelcontextprotocol/tasks": {} },
          },
        },
      },
    }),
  });
  const text = await response.text();
  const data = text.startsWith("{") ? text : (/^data: (\{.*"id":1.*)$/m.exec(text)?.[1] ?? text);
  return (JSON.parse(data) as { result: Record<string, unknown> }).result;
}

test("gives a client that knows tasks a task, and cancels it", async () => {
  const task = await ask("tools/call", { name: "test_slow", arguments: { ms: 30_000 } });
  expect(task).toMatchObject({ resultType: "task", status: "working", ttlMs: 3_600_000 });
  const { taskId } = task;
  expect(await ask("tasks/get", { taskId })).toMatchObject({ status: "working", taskId });
  expect(await ask("tasks/cancel", { taskId })).toEqual({ resultType: "complete" });
  expect(await ask("tasks/get", { taskId })).toMatchObject({ status: "cancelled" });
});

test("calls of one caller are not there for another", async () => {
  const client = await connectLegacy(house.gateway, "/mcp/session");
  const handle = handleIn(await call(client, "test_slow", { ms: 1_000 }));
  const created = await fetch(`${house.gateway.url}/admin/api/keys`, {
    method: "POST",
    headers: {
      authorization: `Basic ${btoa(`owner:${house.gateway.ownerPassword}`)}`,
      "content-type": "application/json",
    },
    body: JSON.stringify({ name: "somebody else" }),
  });
  const { key } = (await created.json()) as { key: string };
  const other = await connectLegacy({ url: house.gateway.url, apiKey: key }, "/mcp/session");
  expect(await call(other, "get_result", { handle })).toMatch(/unknown or too old/);
  await eventually("the result is there for who called", async () =>
    expect(await call(client, "get_result", { handle })).not.toMatch(/still running|unknown/),
  );
  await Promise.all([client.close(), other.close()]);
});
