import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readConfigFile, watchConfigFile } from "../../src/command/config-file.ts";
import { createConfigSession } from "../../src/command/config-session.ts";
import { withFlags } from "../../src/command/flagged-document.ts";
import { parseConfig, parseDocumentText } from "../../src/config/config-document.ts";
import type { GatewayConfig } from "../../src/config/gateway-config.ts";

/** mcpo's own unit cases about config, by their names there. */

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "mcpo-cases-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const serverOf = (entry: object): GatewayConfig["backends"][number] | undefined =>
  parseConfig(parseDocumentText(JSON.stringify({ mcpServers: { test_server: entry } }))).config
    .backends[0];

async function loadConfig(name: string, text: string): Promise<GatewayConfig> {
  const path = join(folder, name);
  await writeFile(path, text);
  return parseConfig(parseDocumentText((await readConfigFile(path)) ?? "")).config;
}

test("validate_server_config_stdio", () => {
  expect(serverOf({ command: "echo", args: ["hello"] })).toMatchObject({
    alias: "test_server",
    transport: { kind: "stdio" },
  });
});

test("validate_server_config_sse", () => {
  expect(serverOf({ type: "sse", url: "http://example.com/sse" })).toMatchObject({
    transport: { kind: "sse", url: "http://example.com/sse" },
  });
});

test("validate_server_config_invalid", () => {
  expect(() => serverOf({ invalid: "config" })).toThrow(
    /^mcpServers\["test_server"\]: \{"invalid":"config"\}, wanted one of "url", "command"/,
  );
});

test("validate_server_config_missing_url", () => {
  expect(() => serverOf({ type: "sse" })).toThrow(
    'mcpServers["test_server"].url: missing, wanted the address of the MCP server',
  );
});

test("validate_server_config_disabled_tools_valid", () => {
  const entry = { command: "echo", disabledTools: ["tool1", "tool2"] };
  expect(serverOf(entry)?.disabledTools).toEqual(["tool1", "tool2"]);
});

test("validate_server_config_disabled_tools_invalid", () => {
  expect(() => serverOf({ command: "echo", disabledTools: "not_a_list" })).toThrow(
    'mcpServers["test_server"].disabledTools: "not_a_list", wanted a list of strings',
  );
});

test("load_config_valid", async () => {
  const text = '{"mcpServers": {"test": {"command": "echo", "args": ["hello"]}}}';
  expect((await loadConfig("valid.json", text)).backends).toMatchObject([{ name: "test" }]);
});

test("load_config_invalid_json", async () => {
  await expect(loadConfig("invalid.json", "{ invalid json")).rejects.toThrow(
    /^document: not JSON: .* at 1:\d+$/,
  );
});

test("load_config_missing_servers", async () => {
  await expect(loadConfig("missing.json", '{"other": "data"}')).rejects.toThrow(
    "mcpServers: missing, wanted an object of backends by name",
  );
});

test("reload_config_handler", async () => {
  const path = join(folder, "reload.json");
  const before = '{"mcpServers": {}}';
  const after = '{"mcpServers": {"new_server": {"builtin": "time"}}}';
  await writeFile(path, before);
  const put: string[] = [];
  const said: string[] = [];
  const { promise: reloaded, resolve: tell } = Promise.withResolvers<void>();
  const session = createConfigSession({
    path,
    text: before,
    variables: {},
    missing: [],
    resolveFor: async () => ({ variables: {}, missing: [] }),
    toGateway: (text) => withFlags(text, { openapi: { title: "A" }, timeoutSeconds: undefined }),
    restart: async () => {},
    onInForce: async () => {},
    client: {
      putConfig: async (text) => {
        put.push(text);
        return { kind: "accepted", version: put.length, warnings: [] };
      },
    },
    say: (line) => {
      said.push(line);
      tell();
    },
  });
  await session.applyFirst();
  session.watch();
  await writeFile(path, after);
  await reloaded;
  session.stop();
  expect(said).toEqual(["reload.json: added new_server"]);
  // The flags stay in force with every edit.
  const gateway = { openapi: { title: "A" } };
  expect(put.map((text) => JSON.parse(text))).toEqual([
    { mcpServers: {}, gateway },
    { mcpServers: { new_server: { builtin: "time" } }, gateway },
  ]);
});

test("config_watcher_initialization", async () => {
  const path = join(folder, "watched.json");
  await writeFile(path, "{}");
  const { promise: called, resolve: tell } = Promise.withResolvers<string | undefined>();
  const watch = watchConfigFile({ path, text: "{}", onChange: async (text) => tell(text) });
  await writeFile(path, '{"mcpServers": {}}');
  expect(await called).toBe('{"mcpServers": {}}');
  watch.stop();
});
