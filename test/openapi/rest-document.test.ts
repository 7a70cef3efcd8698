import { beforeAll, expect, inject, test } from "vitest";
import { parseBackendName } from "../../src/config/backend-name.ts";
import type { JsonObject } from "../../src/core/json.ts";
import { describeTools } from "../support/described-tools.ts";
import { openWebuiTools } from "../support/open-webui-tools.ts";
import { awaitReady, configure, send, sendAsOwner, sendAuthorized } from "../support/worker.ts";

const mcpServers = {
  time: { builtin: "time" },
  modern: { type: "http", url: inject("fixtures").modern, disabledTools: ["echo"] },
};

beforeAll(async () => {
  await configure({ mcpServers });
  await awaitReady(["time", "modern"]);
}, 30_000);

async function fetchDocument(path: string, key?: string): Promise<JsonObject> {
  const response =
    key === undefined
      ? await sendAuthorized(path)
      : await send(path, { headers: { authorization: `Bearer ${key}` } });
  expect(response.status).toBe(200);
  return await response.json();
}

async function makeKey(options: JsonObject): Promise<string> {
  const response = await sendAsOwner("/admin/api/keys", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name: "narrow", ...options }),
  });
  const { key } = (await response.json()) as { key: string };
  return key;
}

function pathsOf(document: JsonObject): readonly string[] {
  return Object.keys(document["paths"] ?? {});
}

test("introduces one backend as it introduces itself", async () => {
  expect(await fetchDocument("/time/openapi.json")).toMatchObject({
    openapi: "3.1.0",
    info: {
      title: expect.any(String),
      version: expect.any(String),
      description: expect.any(String),
    },
    servers: [{ url: "/time" }],
    paths: { "/get_current_time": { post: { operationId: "get_current_time" } } },
    security: [{ bearer: [] }, { basic: [] }],
  });
});

test("takes title, version and description of the document from the backend", async () => {
  const serverInfo = { name: "zoo-server", title: "The zoo", version: "2.1" };
  const described = { tools: {}, serverInfo, instructions: "Feed them." };
  expect(await describeTools(described)).toMatchObject({
    info: { title: "The zoo", version: "2.1", description: "Feed them." },
  });
  expect(await describeTools({ tools: {}, serverInfo, compat: true })).toMatchObject({
    info: { title: "zoo-server", version: "2.1", description: "zoo-server MCP Server" },
  });
  expect(await describeTools({ tools: {}, serverInfo: { version: 2 } })).toMatchObject({
    info: { title: "zoo", version: "1.0" },
  });
});

test("takes them from the config for a backend that is served alone", async () => {
  const config = {
    root: parseBackendName("zoo"),
    title: "House",
    version: "2.0",
    description: "D",
  };
  const { info } = await describeTools({ tools: {}, config, instructions: "Feed them." });
  expect(info).toEqual({ title: "House", version: "2.0", description: "D" });
});

test("has all tools in one document, by the names they have at /mcp", async () => {
  const document = await fetchDocument("/openapi.json");
  expect(document).toMatchObject({
    info: { title: "MCP Edge Gateway" },
    servers: [{ url: "/" }],
    paths: {
      "/time/get_current_time": { post: { operationId: "time_get_current_time", tags: ["time"] } },
    },
  });
  const { description } = document["info"] as JsonObject;
  expect(description).toContain("- [modern](/modern/docs): ready\n- [time](/time/docs): ready");
  const names = openWebuiTools(document).map(({ name }) => name);
  const listed = await sendAuthorized("/mcp", {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      "mcp-protocol-version": "2025-11-25",
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" }),
  });
  const { result } = (await listed.json()) as { result: { tools: { name: string }[] } };
  expect(names).toEqual(result.tools.map(({ name }) => name));
});

test("shows a key what it may call, and nothing else", async () => {
  const narrow = await makeKey({ allow: ["time/get_current_time"] });
  expect(pathsOf(await fetchDocument("/openapi.json", narrow))).toEqual(["/time/get_current_time"]);
  expect(pathsOf(await fetchDocument("/time/openapi.json", narrow))).toEqual(["/get_current_time"]);
  expect(JSON.stringify(await fetchDocument("/openapi.json", narrow))).not.toContain("modern");
  const hidden = await send("/modern/openapi.json", {
    headers: { authorization: `Bearer ${narrow}` },
  });
  expect(hidden.status).toBe(404);
});

test("has no tool that is switched off", async () => {
  const document = await fetchDocument("/modern/openapi.json");
  expect(pathsOf(document).length).toBeGreaterThan(1);
  expect(pathsOf(document)).not.toContain("/echo");
});

test("tells of resources and prompts, and makes no tools of them", async () => {
  const document = await fetchDocument("/modern/openapi.json");
  expect(pathsOf(document)).toEqual(
    expect.arrayContaining(["/resources", "/resources/{uri}", "/prompts", "/prompts/{name}"]),
  );
  const tools = pathsOf(document).filter((path) => !/^\/(resources|prompts)/.test(path));
  expect(openWebuiTools(document)).toHaveLength(tools.length);
});

test("keeps a tool that is called like a list", async () => {
  const { paths } = await describeTools({
    tools: { resources: {}, prompts: {} },
    capabilities: { resources: {} },
  });
  expect(paths).toMatchObject({
    "/resources": { get: { summary: "List resources" }, post: { operationId: "resources" } },
    "/prompts": { post: { operationId: "prompts" } },
  });
});

test("is mcpo's where that is asked for", async () => {
  const document = await fetchDocument("/time/openapi.json?compat=mcpo");
  expect(document).toMatchObject({
    paths: { "/get_current_time": { post: { operationId: "tool_get_current_time_post" } } },
  });
  expect(JSON.stringify(document)).not.toContain("CallError");
  expect(pathsOf(await fetchDocument("/modern/openapi.json?compat=mcpo"))).not.toContain(
    "/resources",
  );
});

test("is not sent again to who has it", async () => {
  const first = await sendAuthorized("/time/openapi.json");
  const tag = first.headers.get("etag") ?? "";
  expect(tag).toMatch(/^"[0-9a-f]{32}"$/);
  expect(first.headers.get("cache-control")).toBe("private, no-cache");
  for (const held of [tag, `W/${tag}`, `"other", ${tag}`, "*"]) {
    const again = await sendAuthorized("/time/openapi.json", {
      headers: { "if-none-match": held },
    });
    expect([again.status, await again.text()]).toEqual([304, ""]);
    expect(again.headers.get("etag")).toBe(tag);
  }
  const other = await sendAuthorized("/openapi.json", { headers: { "if-none-match": tag } });
  expect(other.status).toBe(200);
});

test("follows the config: another path, other words, a tool less", async () => {
  await fetchDocument("/time/openapi.json");
  await configure({
    mcpServers: { ...mcpServers, time: { builtin: "time", disabledTools: ["convert_time"] } },
    gateway: {
      openapi: { pathPrefix: "/tools/", rootPath: "/api", title: "Ours", description: "All." },
    },
  });
  await awaitReady(["time", "modern"]);
  const document = await fetchDocument("/tools/time/openapi.json");
  expect(document["servers"]).toEqual([{ url: "/api/tools/time" }]);
  expect(pathsOf(document)).toEqual(["/get_current_time"]);
  const whole = await fetchDocument("/openapi.json");
  expect(whole).toMatchObject({
    info: {
      title: "Ours",
      description: expect.stringMatching(/^All\.\n\n.*\/api\/tools\/modern\/docs/),
    },
    servers: [{ url: "/api/tools" }],
  });
}, 30_000);
