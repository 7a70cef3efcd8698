import { beforeAll, describe, expect, inject, test } from "vitest";
import { bridgeTo } from "../support/bridge-server.ts";
import { connectServer } from "../support/connect-server.ts";
import {
  MODERN_TOOLS,
  PROMPTS,
  RESOURCES,
  TEMPLATES,
  TOOLS,
} from "../support/conformance-offer.ts";
import { awaitReady, configure, legacy, modern, type RpcReply } from "../support/worker.ts";
import type { JsonObject } from "../../src/core/json.ts";

const urls = inject("fixtures");
const BACKENDS = {
  json: { type: "http", url: urls.legacyJson },
  session: { type: "http", url: urls.legacySession },
  sse: { type: "sse", url: urls.legacySse },
  modern: { type: "http", url: urls.modern },
  local: { connector: true },
  "local-modern": { connector: true },
};
/** What connectors bring. */
const LOCAL = { local: urls.legacySession, "local-modern": urls.modern };

beforeAll(async () => {
  await configure({ mcpServers: BACKENDS });
  for (const [name, url] of Object.entries(LOCAL)) await connectServer(name, bridgeTo(url));
  await awaitReady(Object.keys(BACKENDS));
}, 30_000);

type Ask = (method: string, params: JsonObject, path: string) => Promise<RpcReply>;
const ERAS: Record<string, Ask> = {
  legacy: (method, params, path) => legacy(method, params, path),
  modern: (method, params, path) => modern(method, params, { path }),
};

describe.each(Object.keys(ERAS))("a %s client", (era) => {
  const ask = ERAS[era] as Ask;

  describe.each(Object.keys(BACKENDS))("of the backend %s", (backend) => {
    const path = `/mcp/${backend}`;

    test("sees every definition untouched and in the backend's order", async () => {
      const tools = backend.endsWith("modern") ? MODERN_TOOLS : TOOLS;
      expect((await ask("tools/list", {}, path)).message.result?.["tools"]).toEqual(tools);
      expect((await ask("prompts/list", {}, path)).message.result?.["prompts"]).toEqual(PROMPTS);
      expect((await ask("resources/list", {}, path)).message.result?.["resources"]).toEqual(
        RESOURCES,
      );
      expect(
        (await ask("resources/templates/list", {}, path)).message.result?.["resourceTemplates"],
      ).toEqual(TEMPLATES);
    });

    test("gets every kind of content", async () => {
      const call = async (name: string) =>
        (await ask("tools/call", { name, arguments: {} }, path)).message.result?.[
          "content"
        ] as JsonObject[];
      const kinds = async (name: string) => (await call(name)).map((content) => content["type"]);
      expect(await kinds("test_simple_text")).toEqual(["text"]);
      expect(await kinds("test_image_content")).toEqual(["image"]);
      expect(await kinds("test_audio_content")).toEqual(["audio"]);
      expect(await kinds("test_embedded_resource")).toEqual(["resource"]);
      expect(await kinds("test_multiple_content_types")).toEqual(["text", "image", "resource"]);
    });

    test("gets a tool's own error as a result", async () => {
      const { message } = await ask(
        "tools/call",
        { name: "test_error_handling", arguments: {} },
        path,
      );
      expect(message.result).toMatchObject({
        isError: true,
        content: [{ text: "This tool intentionally returns an error for testing" }],
      });
    });

    // A backend that answers plain JSON has nowhere to put progress.
    test.skipIf(backend === "json")(
      "gets progress under its own token before the answer",
      async () => {
        const { message, notifications } = await ask(
          "tools/call",
          { name: "test_tool_with_progress", arguments: {}, _meta: { progressToken: "mine" } },
          path,
        );
        const progress = notifications.filter(({ method }) => method === "notifications/progress");
        expect(progress.map(({ params }) => params)).toMatchObject([
          { progressToken: "mine", progress: 0, total: 100 },
          { progressToken: "mine", progress: 50, total: 100 },
          { progressToken: "mine", progress: 100, total: 100 },
        ]);
        expect(message.result).toMatchObject({ content: [{ type: "text" }] });
      },
    );

    test("reads resources, listed and by template", async () => {
      const read = async (uri: string) =>
        (await ask("resources/read", { uri }, path)).message.result?.["contents"] as JsonObject[];
      expect((await read("test://static-text"))[0]?.["text"]).toBe(
        "This is the content of the static text resource.",
      );
      expect((await read("test://static-binary"))[0]).toHaveProperty("blob");
      expect((await read("test://template/123/data"))[0]?.["text"]).toContain("Data for ID: 123");
    });

    test("is told of a missing resource in its own era's words", async () => {
      const { message } = await ask("resources/read", { uri: "test://nowhere" }, path);
      expect(message.error?.code).toBe(-32602);
      expect(message.error?.data).toMatchObject({ uri: "test://nowhere" });
    });

    test("gets prompts and completions", async () => {
      const { message } = await ask(
        "prompts/get",
        { name: "test_prompt_with_arguments", arguments: { arg1: "a", arg2: "b" } },
        path,
      );
      expect(JSON.stringify(message.result)).toContain("arg1='a', arg2='b'");
      const completed = await ask(
        "completion/complete",
        {
          ref: { type: "ref/prompt", name: "test_prompt_with_arguments" },
          argument: { name: "arg1", value: "par" },
        },
        path,
      );
      expect(completed.message.result).toMatchObject({
        completion: { values: ["paris", "park", "party"] },
      });
    });
  });

  test("finds everything of all backends at one address", async () => {
    const { message } = await ask("tools/list", {}, "/mcp");
    const tools = message.result?.["tools"] as { name: string }[] | undefined;
    const names = (tools ?? []).map(({ name }) => name);
    expect(names).toEqual(names.toSorted());
    expect(names).toHaveLength(TOOLS.length * 4 + MODERN_TOOLS.length * 2);
    for (const backend of Object.keys(BACKENDS)) {
      const called = await ask(
        "tools/call",
        { name: `${backend}_echo`, arguments: { from: backend } },
        "/mcp",
      );
      expect(called.message.result).toMatchObject({
        content: [{ text: JSON.stringify({ from: backend }) }],
      });
    }
    const prompt = await ask("prompts/get", { name: "sse_test_simple_prompt" }, "/mcp");
    expect(prompt.message.result).toHaveProperty("messages");
  });
});

test("gives a modern client what its revision requires of every result", async () => {
  for (const backend of Object.keys(BACKENDS)) {
    const path = `/mcp/${backend}`;
    const list = await modern("tools/list", {}, { path });
    expect(list.message.result).toMatchObject({ resultType: "complete", cacheScope: "private" });
    expect(list.message.result?.["ttlMs"]).toBeGreaterThanOrEqual(0);
    const call = await modern("tools/call", { name: "echo", arguments: { a: 1 } }, { path });
    expect(call.message.result).toMatchObject({ resultType: "complete" });
    const read = await modern("resources/read", { uri: "test://static-text" }, { path });
    expect(read.message.result).toMatchObject({
      resultType: "complete",
      cacheScope: expect.any(String),
    });
    expect(read.message.result).toHaveProperty("ttlMs");
    const discovered = await modern("server/discover", {}, { path });
    expect(discovered.message.result).toMatchObject({
      resultType: "complete",
      supportedVersions: expect.arrayContaining(["2026-07-28", "2025-11-25"]),
      capabilities: { tools: {}, prompts: {}, resources: {}, completions: {} },
    });
  }
});

test("sends no log messages to a modern client that did not ask for them", async () => {
  const params = { name: "test_tool_with_logging", arguments: {} };
  const quiet = await modern("tools/call", params, { path: "/mcp/session" });
  expect(quiet.notifications).toEqual([]);
  const asked = { ...params, _meta: { "io.modelcontextprotocol/logLevel": "info" } };
  const loud = await modern("tools/call", asked, { path: "/mcp/session" });
  expect(loud.notifications.map(({ method }) => method)).toEqual(
    Array(3).fill("notifications/message"),
  );
  for (const path of [
    "/mcp/session",
    "/mcp/sse",
    "/mcp/modern",
    "/mcp/local",
    "/mcp/local-modern",
  ]) {
    const legacyClient = await legacy("tools/call", params, path);
    expect(legacyClient.notifications).toHaveLength(3);
  }
});
