import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { ListRootsRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as z from "zod";
import { isRunning } from "../command/started-gateway.ts";
import { eventually } from "../support/child.ts";
import { connectLegacy } from "../support/fixture-gateway.ts";
import { runCommand } from "../support/run-command.ts";
import { type StartedGateway, startGateway } from "../support/start-gateway.ts";
import { NODE, RUN } from "../support/stdio-command.ts";

/** Programs of other people on both sides of one gateway: servers behind it, clients before it. */

const MODULES = resolve(import.meta.dirname, "../../node_modules");
const BIN = join(MODULES, ".bin");
const INSPECTOR = join(MODULES, "@modelcontextprotocol/inspector-cli/build/cli.js");
const MCP_REMOTE = join(MODULES, "mcp-remote/dist/proxy.js");
/** What the server of Wave says to whoever has no account there, before it asks the network. */
const NO_TOKEN = /No Wave access token is available\. Set WAVE_ACCESS_TOKEN/;

const Tools = z.object({ tools: z.array(z.looseObject({ name: z.string() })) });
const Document = z.object({ paths: z.record(z.string(), z.unknown()) });

type Entry = Readonly<{ command: string; args?: string[]; env?: Record<string, string> }>;

const cleanup = new AsyncDisposableStack();
let folder: string;
let entries: Readonly<Record<"everything" | "memory" | "files" | "thinking" | "wave", Entry>>;
let gateway: StartedGateway;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "foreign-peers-"));
  cleanup.defer(() => rm(folder, { recursive: true, force: true }));
  entries = {
    everything: { command: join(BIN, "mcp-server-everything"), args: ["stdio"] },
    memory: {
      command: join(BIN, "mcp-server-memory"),
      env: { MEMORY_FILE_PATH: join(folder, "memory.jsonl") },
    },
    files: { command: join(BIN, "mcp-server-filesystem"), args: [folder] },
    thinking: { command: join(BIN, "mcp-server-sequential-thinking") },
    // It would find a token in the home or the shell of whoever runs this.
    wave: {
      command: join(BIN, "mcp-server-for-wave"),
      env: { HOME: folder, WAVE_ACCESS_TOKEN: "", WAVE_ACCESS_TOKEN_FILE: "", WAVE_OP_PATH: "" },
    },
  };
  const config = join(folder, "mcp.json");
  await writeFile(config, JSON.stringify({ mcpServers: entries }));
  gateway = await startGateway(["--config", config]);
  cleanup.defer(async () => void (await gateway.stop()));
}, 120_000);
afterAll(() => cleanup.disposeAsync());

/** Some servers offer more to a client that can be asked, and a list of the gateway has it all. */
const CAPABILITIES = { elicitation: { form: {}, url: {} }, sampling: {}, roots: {} };

/** A client that starts a program and speaks with it over its pipes. */
async function connectOver(
  program: Entry,
): Promise<Readonly<{ client: Client; pid: number | null }>> {
  const client = new Client({ name: "journey", version: "1" }, { capabilities: CAPABILITIES });
  client.setRequestHandler(ListRootsRequestSchema, () => ({ roots: [] }));
  const env = { PATH: process.env["PATH"] ?? "", HOME: folder, ...program.env };
  const transport = new StdioClientTransport({ ...program, env, stderr: "ignore" });
  cleanup.defer(() => client.close());
  await client.connect(transport);
  return { client, pid: transport.pid };
}

const namesOf = (answer: unknown): readonly string[] =>
  Tools.parse(answer).tools.map(({ name }) => name);

const textOf = (answer: unknown): string =>
  z.object({ content: z.tuple([z.looseObject({ text: z.string() })]) }).parse(answer).content[0]
    .text;

/** What the list at `/mcp` has of one backend. */
async function listedOf(backend: string): Promise<readonly string[]> {
  const client = await connectLegacy(gateway, "/mcp");
  const listed = namesOf(await client.listTools());
  await client.close();
  return listed.filter((name) => name.startsWith(`${backend}_`));
}

function askRest(path: string, body?: object): Promise<Response> {
  return fetch(gateway.url + path, {
    headers: { authorization: `Bearer ${gateway.apiKey}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
  });
}

const THOUGHT = {
  thought: "What comes from elsewhere is a server like any other",
  thoughtNumber: 1,
  totalThoughts: 1,
  nextThoughtNeeded: false,
};

describe.each([
  ["everything", "get-sum", { a: 2, b: 40 }, false, /The sum of 2 and 40 is 42\./],
  ["memory", "search_nodes", { query: "nobody" }, false, /"entities":\s*\[\]/],
  ["files", "list_allowed_directories", {}, false, /foreign-peers-/],
  ["thinking", "sequentialthinking", THOUGHT, false, /"thoughtNumber":\s*1\b/],
  ["wave", "wave_list_businesses", {}, true, NO_TOKEN],
] as const)("the %s server", (backend, tool, args, isError, said) => {
  test("is listed at /mcp and at REST as it lists itself", async () => {
    const { client: itself } = await connectOver(entries[backend]);
    await eventually("it has told of all its tools", async () => {
      const own = namesOf(await itself.listTools());
      expect(own).toContain(tool);
      expect(await listedOf(backend)).toEqual(own.map((name) => `${backend}_${name}`).toSorted());
      const { paths } = Document.parse(await (await askRest(`/${backend}/openapi.json`)).json());
      const called = Object.keys(paths).filter((path) => !/^\/(prompts|resources)\b/.test(path));
      expect(called.toSorted()).toEqual(own.map((name) => `/${name}`).toSorted());
    });
    await itself.close();
  });

  test("answers a call at /mcp and at REST in its own words", async () => {
    const client = await connectLegacy(gateway, "/mcp");
    const answer = await client.callTool({ name: `${backend}_${tool}`, arguments: args });
    await client.close();
    expect(answer.isError ?? false).toBe(isError);
    expect(textOf(answer)).toMatch(said);
    const reply = await askRest(`/${backend}/${tool}`, args);
    expect(reply.status).toBe(isError ? 500 : 200);
    expect(await reply.text()).toMatch(said);
  });
});

/** What it prints. It finds its own package only from a folder with one above. */
async function inspect(words: readonly string[]): Promise<unknown> {
  const { code, stdout, stderr } = await runCommand(["--cli", ...words], {
    program: [NODE, INSPECTOR],
    cwd: dirname(INSPECTOR),
    env: {
      PATH: `${BIN}${delimiter}${process.env["PATH"] ?? ""}`,
      HOME: folder,
      GATEWAY_URL: gateway.url,
      GATEWAY_API_KEY: gateway.apiKey,
    },
  });
  if (code !== 0) throw new Error(`the Inspector ended with ${code}: ${stderr}`);
  return JSON.parse(stdout);
}

describe.each([
  [
    "/mcp",
    () => [`${gateway.url}/mcp`, "--transport", "http"],
    () => ["--header", `Authorization: Bearer ${gateway.apiKey}`],
  ],
  ["the stdio command", () => [NODE, RUN, "stdio"], () => []],
])("the Inspector at %s", (_, target, options) => {
  const ask = (...words: readonly string[]) => inspect([...target(), ...words, ...options()]);

  test("lists the tools of all servers", async () => {
    const listed = namesOf(await ask("--method", "tools/list"));
    const direct = await connectLegacy(gateway, "/mcp");
    expect(listed).toEqual(namesOf(await direct.listTools()));
    await direct.close();
  });

  test("calls a tool, and one that fails", async () => {
    const call = ["--method", "tools/call", "--tool-name"];
    const sum = await ask(...call, "everything_get-sum", "--tool-arg", "a=2", "b=40");
    expect(textOf(sum)).toBe("The sum of 2 and 40 is 42.");
    const failed = await ask(...call, "wave_wave_list_businesses");
    expect(failed).toMatchObject({ isError: true });
    expect(textOf(failed)).toMatch(NO_TOKEN);
  });
});

test("the Inspector does not get in with another key", async () => {
  const words = [`${gateway.url}/mcp`, "--method", "tools/list", "--header"];
  await expect(inspect([...words, "Authorization: Bearer wrong"])).rejects.toThrow(
    /ended with 1: [\s\S]*Failed to connect/,
  );
});

test("mcp-remote brings all tools to a client that only starts programs", async () => {
  const { client, pid } = await connectOver({
    command: NODE,
    // As its README has it: the key stays out of the list of processes.
    args: [MCP_REMOTE, `${gateway.url}/mcp`, "--allow-http", "--header", "Authorization:${AUTH}"],
    env: { MCP_REMOTE_CONFIG_DIR: folder, AUTH: `Bearer ${gateway.apiKey}` },
  });
  const direct = await connectLegacy(gateway, "/mcp");
  expect(namesOf(await client.listTools())).toEqual(namesOf(await direct.listTools()));
  await direct.close();
  const call = { name: "thinking_sequentialthinking", arguments: THOUGHT };
  expect(await client.callTool(call)).toMatchObject({ structuredContent: { thoughtNumber: 1 } });
  await client.close();
  expect(pid).not.toBeNull();
  expect(isRunning(pid ?? 0)).toBe(false);
});
