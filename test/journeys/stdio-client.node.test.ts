import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client as ModernClient } from "@modelcontextprotocol/client";
import { StdioClientTransport as ModernTransport } from "@modelcontextprotocol/client/stdio";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
  PromptListChangedNotificationSchema,
  ResourceUpdatedNotificationSchema,
} from "@modelcontextprotocol/sdk/types.js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../support/child.ts";
import { CONFORMANCE_WIRES } from "../support/conformance-fixture.ts";
import type { Fixture } from "../support/loopback-server.ts";
import { startEverything } from "../support/real-servers.ts";
import { type StartedGateway, startGateway } from "../support/start-gateway.ts";
import { NODE, RUN } from "../support/stdio-command.ts";

/** Clients that only start programs, through `stdio` to the real gateway and what is behind it. */

const cleanup = new AsyncDisposableStack();
let config: string;
let gateway: StartedGateway;
let fixture: Fixture;

beforeAll(async () => {
  const [everything, session, modern] = await Promise.all([
    startEverything("streamableHttp"),
    CONFORMANCE_WIRES["legacy-session"](),
    CONFORMANCE_WIRES.modern(),
  ]);
  fixture = session;
  cleanup.defer(
    async () => void (await Promise.all([everything.stop(), session.close(), modern.close()])),
  );
  const folder = await mkdtemp(join(tmpdir(), "gateway-stdio-"));
  cleanup.defer(() => rm(folder, { recursive: true, force: true }));
  config = join(folder, "mcp.json");
  const mcpServers = {
    everything: { url: everything.url },
    session: { url: session.url },
    modern: { url: modern.url },
  };
  await writeFile(config, JSON.stringify({ mcpServers }));
  gateway = await startGateway(["--config", config]);
  cleanup.defer(async () => void (await gateway.stop()));
}, 120_000);
afterAll(() => cleanup.disposeAsync());

const INFO = { name: "starts programs", version: "1" };
const CAPABILITIES = { elicitation: { form: {} }, sampling: {}, roots: {} };
const ROOT = { uri: "file:///home/somebody", name: "Home" };
const SAMPLE = {
  role: "assistant" as const,
  model: "test",
  content: { type: "text" as const, text: "sampled" },
};

type Updates = Readonly<{ onUpdated: (uri: string) => void; onPrompts: () => void }>;
const NO_UPDATES: Updates = { onUpdated: () => {}, onPrompts: () => {} };

/** As every one of these clients starts a server. */
function server({ url, apiKey }: StartedGateway, args: readonly string[]) {
  const env = { PATH: process.env["PATH"] ?? "", GATEWAY_URL: url, GATEWAY_API_KEY: apiKey };
  return { command: NODE, args: [RUN, "stdio", ...args], env, stderr: "ignore" as const };
}

/** Answers a form with what it insists on. */
function fillIn(params: object) {
  const { requestedSchema } = params as {
    requestedSchema: { properties: Record<string, unknown>; required?: string[] };
  };
  const names = requestedSchema.required ?? Object.keys(requestedSchema.properties);
  const content = Object.fromEntries(names.map((name) => [name, "Ada"]));
  return { action: "accept" as const, content };
}

async function first(
  args: readonly string[] = [],
  { onUpdated, onPrompts } = NO_UPDATES,
  at = gateway,
) {
  const client = new Client(INFO, { capabilities: CAPABILITIES });
  client.setRequestHandler(ElicitRequestSchema, ({ params }) => fillIn(params));
  client.setRequestHandler(CreateMessageRequestSchema, () => SAMPLE);
  client.setRequestHandler(ListRootsRequestSchema, () => ({ roots: [ROOT] }));
  client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) =>
    onUpdated(params.uri),
  );
  client.setNotificationHandler(PromptListChangedNotificationSchema, onPrompts);
  await client.connect(new StdioClientTransport(server(at, args)));
  return client;
}

const second =
  (mode?: "auto") =>
  async (args: readonly string[] = [], { onUpdated, onPrompts } = NO_UPDATES) => {
    const client = new ModernClient(INFO, {
      capabilities: CAPABILITIES,
      ...(mode === undefined ? {} : { versionNegotiation: { mode } }),
    });
    client.setRequestHandler("elicitation/create", ({ params }) => fillIn(params));
    client.setRequestHandler("sampling/createMessage", () => SAMPLE);
    client.setRequestHandler("roots/list", () => ({ roots: [ROOT] }));
    client.setNotificationHandler("notifications/resources/updated", ({ params }) =>
      onUpdated(params.uri),
    );
    client.setNotificationHandler("notifications/prompts/list_changed", onPrompts);
    await client.connect(new ModernTransport(server(gateway, args)));
    return client;
  };

type Connected = Client | ModernClient;

async function call(client: Connected, name: string, args: object = {}): Promise<string> {
  const result = await client.callTool({ name, arguments: { ...args } });
  return (result as { content: { text: string }[] }).content.map(({ text }) => text).join("");
}

/** How often the session backend was told something. */
async function logged(method: string, name?: string): Promise<number> {
  const lines = (await (await fetch(new URL("/log", fixture.url))).json()) as {
    method: string;
    params?: { name?: string };
  }[];
  return lines.filter(
    (line) => line.method === method && (name ?? line.params?.name) === line.params?.name,
  ).length;
}

describe.each([
  ["of the first SDK", first],
  ["of the second SDK", second()],
  ["of the second SDK that negotiates", second("auto")],
])("a client %s", (name, connect) => {
  const isModern = name.includes("negotiates");

  test("lists and calls what a real server offers", async () => {
    const client = await connect();
    const names = (await client.listTools()).tools.map((tool) => tool.name);
    expect(names).toContain("everything_echo");
    expect(names).toContain("modern_test_simple_text");
    expect(await call(client, "everything_echo", { message: "é 漢字 🙂\n" })).toContain("漢字");
    const big = await client.callTool({
      name: "everything_get-sum",
      arguments: { a: 9_007_199_254_740_991, b: 0 },
    });
    expect(JSON.stringify(big)).toContain("9007199254740991");
    const uri = "demo://resource/static/document/features.md";
    expect((await client.readResource({ uri })).contents).toHaveLength(1);
    await client.close();
  });

  test.each([
    ["everything", "trigger-long-running-operation", { duration: 0.4, steps: 4 }],
    ["session", "test_slow", { ms: 400, progress: 4 }],
    ["modern", "test_slow", { ms: 400, progress: 4 }],
  ])("hears how far a call of the %s backend is", async (backend, tool, args) => {
    const client = await connect(["--backend", backend]);
    const heard: number[] = [];
    const params = { name: tool, arguments: args };
    const onprogress = ({ progress }: { progress: number }): void => void heard.push(progress);
    // The two lines have a parameter between that only the first one needs.
    await (client instanceof Client
      ? client.callTool(params, undefined, { onprogress })
      : client.callTool(params, { onprogress }));
    // It asks a modern client for its roots meanwhile: what is told between two requests of one call
    // may come twice, or late.
    const told = backend === "everything" ? new Set([...heard, 4]) : heard;
    expect([...told]).toEqual([1, 2, 3, 4]);
    await client.close();
  });

  test.each(["session", "modern"])("is asked by the %s backend", async (backend) => {
    const client = await connect(["--backend", backend]);
    expect(await call(client, "test_whoami_elicitation", { secret: "s" })).toBe("s:Ada");
    expect(await call(client, "test_sampling", { prompt: "seven" })).toContain("sampled");
    expect(JSON.parse(await call(client, "test_list_roots"))).toEqual([ROOT]);
    await client.close();
  });

  test("is asked by a real server", async () => {
    const client = await connect(["--backend", "everything"]);
    expect(await call(client, "trigger-elicitation-request")).toContain("Ada");
    expect(await call(client, "trigger-sampling-request", { prompt: "x" })).toContain("sampled");
    await client.close();
  });

  test("asks many things at the same time", async () => {
    const client = await connect(["--backend", "modern"]);
    const texts = Array.from({ length: 40 }, (_, index) => `${index}`);
    const got = await Promise.all(texts.map((text) => call(client, "echo", { text })));
    expect(got).toEqual(texts.map((text) => JSON.stringify({ text })));
    await client.close();
  });

  test("cancels a call, and the backend stops", async () => {
    const client = await connect(["--backend", "session"]);
    const [calls, aborted] = [await logged("tools/call", "wait"), await logged("aborted")];
    const abort = new AbortController();
    const params = { name: "wait", arguments: {} };
    const options = { signal: abort.signal };
    const called =
      client instanceof Client
        ? client.callTool(params, undefined, options)
        : client.callTool(params, options);
    const failed = called.then(
      () => "answered",
      () => "cancelled",
    );
    await eventually("it arrives", async () =>
      expect(await logged("tools/call", "wait")).toBe(calls + 1),
    );
    abort.abort();
    expect(await failed).toBe("cancelled");
    await eventually("it stops", async () => expect(await logged("aborted")).toBe(aborted + 1));
    expect(await call(client, "echo", { still: "here" })).toBe('{"still":"here"}');
    await client.close();
  });

  test("hears of changed resources and lists", async () => {
    const heard: string[] = [];
    const updates = {
      onUpdated: (uri: string) => void heard.push(uri),
      onPrompts: () => void heard.push("prompts"),
    };
    const client = await connect(["--backend", "session"], updates);
    const uri = "test://watched-resource";
    if (isModern && client instanceof ModernClient) {
      await client.listen({ resourceSubscriptions: [uri], promptsListChanged: true });
    } else await client.subscribeResource({ uri });
    await eventually("told of the resource", async () => {
      await call(client, "test_update_resource", { uri });
      expect(heard).toContain(uri);
    });
    await eventually("told of the prompts", async () => {
      await call(client, "test_trigger_prompt_change");
      expect(heard).toContain("prompts");
    });
    await client.close();
  });
});

test("a client goes on when its gateway is killed and comes back, and when it has forgotten all", async () => {
  const states = await Promise.all([0, 1].map(() => mkdtemp(join(tmpdir(), "gateway-stdio-"))));
  await using gone = new AsyncDisposableStack();
  for (const state of states) gone.defer(() => rm(state, { recursive: true, force: true }));
  const [state = "", other = ""] = states;
  const before = await startGateway(["--config", config], { state });
  const port = Number(new URL(before.url).port);
  const client = await first(["--backend", "session"], NO_UPDATES, before);
  gone.defer(() => client.close());
  expect(await call(client, "echo", { n: 1 })).toBe('{"n":1}');

  const calls = await logged("tools/call", "wait");
  const torn = client.callTool({ name: "wait", arguments: {} }).then(
    (result) => JSON.stringify(result),
    (error: unknown) => String(error),
  );
  await eventually("it arrives", async () =>
    expect(await logged("tools/call", "wait")).toBe(calls + 1),
  );
  await before.child.stop("SIGKILL");
  const again = await startGateway(["--config", config], { state, port });
  // By whoever of the two noticed: it may have run, and was not begun again.
  expect(await torn).toMatch(/may have run|interrupted|lost|restart/i);
  expect(await logged("tools/call", "wait")).toBe(calls + 1);
  expect(await call(client, "echo", { n: 2 })).toBe('{"n":2}');

  await again.child.stop("SIGKILL");
  const without = await startGateway(["--config", config, "--api-key", before.apiKey], {
    state: other,
    port,
  });
  gone.defer(async () => void (await without.stop()));
  expect(await call(client, "echo", { n: 3 })).toBe('{"n":3}');
}, 120_000);
