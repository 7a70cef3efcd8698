import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  Client as ModernClient,
  StreamableHTTPClientTransport as ModernTransport,
} from "@modelcontextprotocol/client";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { SSEClientTransport } from "@modelcontextprotocol/sdk/client/sse.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { ListRootsRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually } from "../support/child.ts";
import { type RealServer, startEverything, startOverHttp } from "../support/real-servers.ts";
import { type StartedGateway, startGateway } from "../support/start-gateway.ts";

let folder: string;
let file: string;
let gateway: StartedGateway;
let everything: RealServer;
let overSse: RealServer;
let memory: RealServer;
let files: RealServer;

type Entries = Record<string, Record<string, unknown>>;

function allEntries(): Entries {
  return {
    everything: { type: "streamable-http", url: everything.url },
    old: { type: "sse", url: overSse.url },
    memory: { url: memory.url },
    files: { url: files.url },
    time: { builtin: "time" },
  };
}

function write(entries: Entries): void {
  writeFileSync(file, `// edited by hand\n${JSON.stringify({ mcpServers: entries }, null, 2)}\n`);
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "gateway-journey-"));
  file = join(folder, "mcp.json");
  writeFileSync(join(folder, "hello.txt"), "hello from a file");
  [everything, overSse, memory, files] = await Promise.all([
    startEverything("streamableHttp"),
    startEverything("sse"),
    startOverHttp("server-memory", [], { MEMORY_FILE_PATH: join(folder, "memory.jsonl") }),
    startOverHttp("server-filesystem", [folder]),
  ]);
  write(allEntries());
  gateway = await startGateway(["--config", file]);
}, 90_000);

afterAll(async () => {
  await gateway?.stop();
  await Promise.all([everything, overSse, memory, files].map((server) => server?.stop()));
  rmSync(folder, { recursive: true, force: true });
});

function authorized() {
  return { requestInit: { headers: { authorization: `Bearer ${gateway.apiKey}` } } };
}

async function connect(path = "/mcp"): Promise<Client> {
  const client = new Client({ name: "journey", version: "1" });
  await client.connect(
    new StreamableHTTPClientTransport(new URL(gateway.url + path), authorized()),
  );
  return client;
}

async function toolNames(): Promise<string[]> {
  const client = await connect();
  const { tools } = await client.listTools();
  await client.close();
  return tools.map(({ name }) => name);
}

const textOf = (result: unknown): string =>
  (result as { content: { text?: string }[] }).content.map(({ text }) => text ?? "").join("");

test("shows every backend with its tools", () => {
  for (const name of ["everything", "old", "memory", "files", "time"]) {
    expect(gateway.child.output()).toMatch(new RegExp(`${name}\\s+ready\\s+\\d+ tools`));
  }
});

test("calls tools of all real servers under one address", async () => {
  const client = await connect();
  const call = async (name: string, args: Record<string, unknown>) =>
    textOf(await client.callTool({ name, arguments: args }));
  expect(await call("everything_echo", { message: "hi" })).toBe("Echo: hi");
  expect(await call("old_echo", { message: "there" })).toBe("Echo: there");
  expect(await call("files_read_text_file", { path: join(folder, "hello.txt") })).toBe(
    "hello from a file",
  );
  await call("memory_create_entities", {
    entities: [{ name: "Ada", entityType: "person", observations: ["counts"] }],
  });
  expect(await call("memory_read_graph", {})).toContain("Ada");
  await client.close();
});

/** The server offers more to a client that can be asked, and a list of the gateway has it all. */
function capableClient(): Client {
  const capabilities = { elicitation: { form: {}, url: {} }, sampling: {}, roots: {} };
  const client = new Client({ name: "journey", version: "1" }, { capabilities });
  client.setRequestHandler(ListRootsRequestSchema, () => ({ roots: [] }));
  return client;
}

async function untilItOffersAll(client: Client): Promise<void> {
  await eventually("the server knows what its client can do", async () => {
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toContain("trigger-elicitation-request");
  });
}

test("says the same as the backend itself, byte for byte", async () => {
  const direct = capableClient();
  await direct.connect(new StreamableHTTPClientTransport(new URL(everything.url)));
  await untilItOffersAll(direct);
  const through = await connect("/mcp/everything");
  for (const ask of [
    (client: Client) => client.listTools(),
    (client: Client) => client.listPrompts(),
    (client: Client) => client.listResources(),
    (client: Client) => client.listResourceTemplates(),
    (client: Client) => client.callTool({ name: "get-sum", arguments: { a: 2, b: 40 } }),
    (client: Client) => client.callTool({ name: "get-tiny-image", arguments: {} }),
    (client: Client) =>
      client.callTool({ name: "get-structured-content", arguments: { location: "Chicago" } }),
    (client: Client) => client.getPrompt({ name: "simple-prompt" }),
    (client: Client) => client.getPrompt({ name: "args-prompt", arguments: { city: "Kyiv" } }),
  ]) {
    expect(JSON.stringify(await ask(through))).toBe(JSON.stringify(await ask(direct)));
  }
  expect(through.getServerVersion()).toEqual(direct.getServerVersion());
  await Promise.all([direct.close(), through.close()]);
});

test("says the same over the old transport", async () => {
  const direct = capableClient();
  await direct.connect(new SSEClientTransport(new URL(overSse.url)));
  await untilItOffersAll(direct);
  const through = await connect("/mcp/old");
  const ask = async (client: Client) => JSON.stringify(await client.listTools());
  expect(await ask(through)).toBe(await ask(direct));
  await Promise.all([direct.close(), through.close()]);
});

test("streams progress with the caller's own token, in both eras", async () => {
  const legacy = await connect("/mcp/everything");
  const seen: number[] = [];
  await legacy.callTool(
    { name: "trigger-long-running-operation", arguments: { duration: 1, steps: 3 } },
    undefined,
    { onprogress: ({ progress }) => seen.push(progress) },
  );
  expect(seen).toEqual([1, 2, 3]);
  await legacy.close();

  const modern = new ModernClient(
    { name: "journey", version: "1" },
    { versionNegotiation: { mode: "auto" } },
  );
  await modern.connect(new ModernTransport(new URL(`${gateway.url}/mcp/everything`), authorized()));
  const seenToo: number[] = [];
  await modern.callTool(
    { name: "trigger-long-running-operation", arguments: { duration: 1, steps: 2 } },
    { onprogress: ({ progress }) => seenToo.push(progress) },
  );
  expect(seenToo).toEqual([1, 2]);
  await modern.close();
});

test("follows a valid edit within 5 s on every surface", async () => {
  write({
    ...allEntries(),
    everything: { type: "http", url: everything.url, disabledTools: ["echo"] },
  });
  const edited = Date.now();
  await eventually(
    "the tool is gone",
    async () => expect(await toolNames()).not.toContain("everything_echo"),
    5_000,
  );
  expect(Date.now() - edited).toBeLessThan(5_500);
  const client = await connect();
  await expect(
    client.callTool({ name: "everything_echo", arguments: { message: "x" } }),
  ).rejects.toThrow('Unknown tool: "everything_echo"');
  const one = await connect("/mcp/everything");
  await expect(one.callTool({ name: "echo", arguments: { message: "x" } })).rejects.toThrow(
    'Unknown tool: "echo"',
  );
  await Promise.all([client.close(), one.close()]);
  const tools = await fetch(`${gateway.url}/v1/tools`, {
    headers: { authorization: `Bearer ${gateway.apiKey}` },
  });
  expect(await tools.text()).not.toContain('"everything_echo"');
});

test("forgets a removed backend within 5 s", async () => {
  const { memory: _, ...rest } = allEntries();
  write(rest);
  await eventually(
    "the backend is gone",
    async () =>
      expect((await toolNames()).filter((name) => name.startsWith("memory_"))).toEqual([]),
    5_000,
  );
  await expect(connect("/mcp/memory")).rejects.toThrow();
});

test("keeps everything when the edit is invalid, and says why in one line", async () => {
  const before = await toolNames();
  writeFileSync(file, '{"mcpServers": {"everything": {"url": "ftp://example.com"}}}');
  await gateway.child.see(
    /mcpServers\.everything\.url: "ftp:\/\/example\.com", wanted an http or https URL/,
  );
  expect(await toolNames()).toEqual(before);
  write(allEntries());
  await eventually(
    "the file is good again",
    async () => expect(await toolNames()).toContain("memory_read_graph"),
    8_000,
  );
});

test("answers at once while a backend is down, and has it back when it comes up", async () => {
  await everything.stop();
  const client = await connect();
  const failed = await client.callTool({ name: "everything_echo", arguments: { message: "x" } });
  expect(failed.isError).toBe(true);
  expect(textOf(failed)).toMatch(/^Cannot .*backend "everything"/);
  expect(
    textOf(
      await client.callTool({ name: "time_get_current_time", arguments: { timezone: "UTC" } }),
    ),
  ).toContain("UTC");
  everything = await startEverything("streamableHttp", everything.port);
  await eventually(
    "the backend answers again",
    async () =>
      expect(
        textOf(await client.callTool({ name: "everything_echo", arguments: { message: "back" } })),
      ).toBe("Echo: back"),
    20_000,
  );
  await client.close();
});

test("shows no stack trace in all of this", () => {
  expect(gateway.child.output()).not.toMatch(/\n\s+at .*:\d+:\d+/);
});
