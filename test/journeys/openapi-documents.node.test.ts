import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { isFreeForm } from "../../src/catalog/free-form.ts";
import { isJsonObject, type JsonObject } from "../../src/core/json.ts";
import { checkDocument } from "../support/check-document.ts";
import { CONFORMANCE_WIRES } from "../support/conformance-fixture.ts";
import { fetchDocument } from "../support/fetch-document.ts";
import {
  danglingReferences,
  OPEN_WEBUI_VERSIONS,
  openWebuiTools,
} from "../support/open-webui-tools.ts";
import { startEverything, startOverHttp } from "../support/real-servers.ts";
import { type StartedGateway, startGateway } from "../support/start-gateway.ts";

/** The documents of servers that nobody wrote for this, read by what reads such documents. */

const NAMES = ["everything", "memory", "files", "modern", "legacy", "time"] as const;

const cleanup = new AsyncDisposableStack();
let gateway: StartedGateway;

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), "gateway-documents-"));
  cleanup.defer(() => rm(folder, { recursive: true, force: true }));
  const [everything, memory, files] = await Promise.all([
    startEverything("streamableHttp"),
    startOverHttp("server-memory", [], { MEMORY_FILE_PATH: join(folder, "memory.json") }),
    startOverHttp("server-filesystem", [folder]),
  ]);
  cleanup.defer(async () => {
    await Promise.all([everything.stop(), memory.stop(), files.stop()]);
  });
  const modern = await CONFORMANCE_WIRES.modern();
  cleanup.defer(() => modern.close());
  const legacy = await CONFORMANCE_WIRES["legacy-session"]();
  cleanup.defer(() => legacy.close());
  const servers = { everything, memory, files, modern, legacy };
  const mcpServers = {
    ...Object.fromEntries(Object.entries(servers).map(([name, { url }]) => [name, { url }])),
    time: { builtin: "time" },
  };
  await writeFile(join(folder, "mcp.json"), JSON.stringify({ mcpServers }));
  gateway = await startGateway(["--config", join(folder, "mcp.json")]);
  cleanup.defer(async () => void (await gateway.stop()));
});
afterAll(() => cleanup.disposeAsync());

type Listed = Readonly<{ name: string; description?: string; inputSchema: JsonObject }>;

async function listTools(name: string): Promise<readonly Listed[]> {
  const response = await fetch(`${gateway.url}/mcp/${name}`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${gateway.apiKey}`,
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      "mcp-protocol-version": "2025-11-25",
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" }),
  });
  const { result } = (await response.json()) as { result: { tools: Listed[] } };
  return result.tools;
}

test.each(NAMES)("the document of %s is valid, its schemas as well", async (name) => {
  const document = await fetchDocument(gateway, `/${name}/openapi.json`);
  await checkDocument(document);
  expect(JSON.stringify(document)).not.toMatch(/"#\/(\$defs|definitions|properties)/);
});

test.each(NAMES)("mcpo's document of %s is valid too", async (name) => {
  await fetchDocument(gateway, `/${name}/openapi.json`);
  await checkDocument(await fetchDocument(gateway, `/${name}/openapi.json?compat=mcpo`));
});

test("the document of all of them is valid, and has every tool once", async () => {
  const each = await Promise.all(
    NAMES.map((name) => fetchDocument(gateway, `/${name}/openapi.json`)),
  );
  const count = each.flatMap((document) => openWebuiTools(document)).length;
  const document = await fetchDocument(gateway, "/openapi.json");
  await checkDocument(document);
  const own = openWebuiTools(document).filter(({ name }) =>
    NAMES.some((backend) => name.startsWith(`${backend}_`)),
  );
  expect(new Set(own.map(({ name }) => name)).size).toBe(count);
});

test.each(NAMES)("Open WebUI shows models the tools of %s as MCP does", async (name) => {
  const document = await fetchDocument(gateway, `/${name}/openapi.json`);
  const listed = await listTools(name);
  for (const version of OPEN_WEBUI_VERSIONS) {
    const tools = openWebuiTools(document, version);
    expect(tools.map((tool) => tool.name)).toEqual(listed.map((tool) => tool.name));
    expect(danglingReferences(tools)).toEqual([]);
    for (const [index, { description, inputSchema }] of listed.entries()) {
      const tool = tools[index];
      if (description !== undefined) expect(tool?.description).toBe(description);
      const { required = [], properties = {} } = inputSchema;
      expect(tool?.parameters.required).toEqual(required);
      const shown = tool?.parameters.properties ?? {};
      const names = isFreeForm(inputSchema) ? ["arguments"] : Object.keys(properties ?? {});
      expect(Object.keys(shown)).toEqual(names);
      for (const [key, property] of Object.entries(properties ?? {})) {
        expectSame(shown[key], property);
      }
    }
  }
});

/** What decides which value a model writes. */
function expectSame(shown: JsonObject | undefined, meant: unknown): void {
  if (!isJsonObject(meant) || meant["$ref"] !== undefined) return;
  for (const keyword of [
    "type",
    "enum",
    "description",
    "minimum",
    "maximum",
    "format",
    "default",
  ]) {
    if (meant[keyword] !== undefined) expect(shown?.[keyword]).toEqual(meant[keyword]);
  }
  if (meant["type"] === "array") expect(shown).toHaveProperty("items");
}
