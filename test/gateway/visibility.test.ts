import { beforeAll, describe, expect, inject, test } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import {
  awaitReady,
  configure,
  readReply,
  send,
  sendAsOwner,
  type RpcReply,
} from "../support/worker.ts";

beforeAll(async () => {
  const { legacyJson, legacySession, quirky } = inject("fixtures");
  await configure({
    mcpServers: {
      one: { url: legacyJson, disabledTools: ["wait"] },
      two: { url: legacySession },
      three: { url: `${quirky}/plain/visibility` },
    },
  });
  await awaitReady(["one", "two", "three"]);
}, 30_000);

async function mint(rules: {
  allow?: string[];
  deny?: string[];
  readOnly?: boolean;
}): Promise<string> {
  const response = await sendAsOwner("/admin/api/keys", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name: "test", ...rules }),
  });
  return ((await response.json()) as { key: string }).key;
}

function asker(key: string) {
  const ask = async (method: string, params: JsonObject = {}, path = "/mcp"): Promise<RpcReply> =>
    readReply(
      await send(path, {
        method: "POST",
        headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
        body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
      }),
    );
  const get = async (path: string) =>
    (
      await send(path, { headers: { authorization: `Bearer ${key}` } })
    ).json() as Promise<JsonObject>;
  const tools = async (path = "/mcp"): Promise<readonly Tool[]> =>
    (await ask("tools/list", {}, path)).message.result?.["tools"] as unknown as readonly Tool[];
  const names = async (path = "/mcp") => (await tools(path)).map(({ name }) => name);
  return { ask, get, tools, names };
}

type Tool = { name: string; annotations?: { readOnlyHint?: boolean } };

describe("a key allowed one tool of one backend", () => {
  let key: Awaited<ReturnType<typeof asker>>;
  beforeAll(async () => {
    key = asker(await mint({ allow: ["one/echo"] }));
  });

  test("sees that tool alone on every surface", async () => {
    expect(await key.names()).toEqual(["one_echo"]);
    expect(await key.names("/mcp/one")).toEqual(["echo"]);
    const { data } = await key.get("/v1/tools");
    expect(
      (data as unknown as { function: { name: string } }[]).map((tool) => tool.function.name),
    ).toEqual(["one_echo"]);
    const { backends } = await key.get("/status");
    expect((backends as unknown as { name: string }[]).map(({ name }) => name)).toEqual(["one"]);
  });

  test("may call it", async () => {
    const { message } = await key.ask("tools/call", { name: "one_echo", arguments: { a: 1 } });
    expect(message.result).toMatchObject({ content: [{ text: '{"a":1}' }] });
  });

  test("is told the same of a forbidden tool as of one that is not there", async () => {
    const forbidden = await key.ask("tools/call", { name: "one_test_simple_text", arguments: {} });
    const missing = await key.ask("tools/call", { name: "one_test_nothing_text", arguments: {} });
    expect(JSON.stringify(forbidden.message).replace("simple", "nothing")).toBe(
      JSON.stringify(missing.message),
    );
    const hiddenBackend = await key.ask("tools/list", {}, "/mcp/two");
    const noBackend = await key.ask("tools/list", {}, "/mcp/six");
    expect(JSON.stringify(hiddenBackend.message).replace("two", "six")).toBe(
      JSON.stringify(noBackend.message),
    );
    expect(hiddenBackend.status).toBe(noBackend.status);
  });

  test("knows nothing of the backend's prompts and resources", async () => {
    expect((await key.ask("prompts/list")).message.result).toEqual({ prompts: [] });
    expect((await key.ask("resources/list")).message.result).toEqual({ resources: [] });
    expect(
      (await key.ask("resources/read", { uri: "test://static-text" })).message.error?.code,
    ).toBe(-32602);
    expect(
      (await key.ask("prompts/get", { name: "one_test_simple_prompt" })).message.error?.code,
    ).toBe(-32602);
    expect(
      (await key.ask("resources/read", { uri: "test://static-text" }, "/mcp/one")).message.error,
    ).toBeDefined();
  });
});

test("deny wins over allow", async () => {
  const key = asker(await mint({ allow: ["one", "three"], deny: ["one/test_*", "three"] }));
  const names = await key.names();
  expect(names).toContain("one_echo");
  expect(names.filter((name) => name.startsWith("one_test_") || name.startsWith("three_"))).toEqual(
    [],
  );
});

test("a key that may only read sees what is marked so, and nothing that says nothing of itself", async () => {
  const all = asker(await mint({}));
  const key = asker(await mint({ readOnly: true }));
  const reading = (await all.tools("/mcp/one"))
    .filter(({ annotations }) => annotations?.readOnlyHint === true)
    .map(({ name }) => name);
  expect(reading).not.toEqual([]);
  expect(await key.names("/mcp/one")).toEqual(reading);
  const { message } = await key.ask("tools/call", { name: "one_test_simple_text", arguments: {} });
  expect(message.error?.message).toBe('Unknown tool: "one_test_simple_text"');
  expect((await key.ask("prompts/list")).message.result?.["prompts"]).not.toEqual([]);
});

test("a tool the config disables is unknown to everybody", async () => {
  const key = asker(await mint({}));
  expect(await key.names("/mcp/one")).not.toContain("wait");
  expect(await key.names("/mcp/two")).toContain("wait");
  const { message } = await key.ask("tools/call", { name: "one_wait", arguments: {} });
  expect(message.error).toEqual({ code: -32602, message: 'Unknown tool: "one_wait"' });
});

test("judges each message of a batch alone", async () => {
  const key = await mint({ allow: ["one/echo"] });
  const call = (id: number, name: string) => ({
    jsonrpc: "2.0",
    id,
    method: "tools/call",
    params: { name, arguments: {} },
  });
  const response = await send("/mcp", {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify([call(1, "one_echo"), call(2, "two_echo")]),
  });
  expect(await response.json()).toMatchObject([
    { id: 1, result: { content: [{ text: "{}" }] } },
    { id: 2, error: { code: -32602 } },
  ]);
});
