import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client as ModernClient } from "@modelcontextprotocol/client";
import { StreamableHTTPClientTransport as ModernTransport } from "@modelcontextprotocol/client";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { ClientCapabilities } from "@modelcontextprotocol/sdk/types.js";
import { CONFORMANCE_WIRES } from "./conformance-fixture.ts";
import type { Fixture } from "./loopback-server.ts";
import { startGateway, type StartedGateway } from "./start-gateway.ts";

/** Name of the backend, wire of the fixture behind it, type in the config. */
const BACKENDS = {
  json: ["legacy-json", "http"],
  session: ["legacy-session", "http"],
  sse: ["legacy-sse", "sse"],
  modern: ["modern", "http"],
} as const;

export type FixtureGateway = Readonly<{
  gateway: StartedGateway;
  config: string;
  fixtures: Readonly<Record<keyof typeof BACKENDS, Fixture>>;
  stop: () => Promise<void>;
}>;

/** The real gateway in front of the conformance server over every wire. */
export async function startFixtureGateway(
  options: Readonly<{ state?: string; entry?: object }> = {},
): Promise<FixtureGateway> {
  const cleanup = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "gateway-fixtures-"));
  cleanup.defer(() => rm(folder, { recursive: true, force: true }));
  const started = await Promise.all(
    Object.entries(BACKENDS).map(async ([name, [wire, type]]) => {
      const fixture = await CONFORMANCE_WIRES[wire]();
      cleanup.defer(() => fixture.close());
      return { name, type, fixture };
    }),
  );
  const mcpServers = Object.fromEntries(
    started.map(({ name, type, fixture }) => [name, { type, url: fixture.url, ...options.entry }]),
  );
  const config = join(folder, "mcp.json");
  await writeFile(config, JSON.stringify({ mcpServers }));
  const gateway = await startGateway(
    ["--config", config],
    options.state === undefined ? {} : { state: options.state },
  );
  cleanup.defer(async () => void (await gateway.stop()));
  const fixtures = Object.fromEntries(started.map(({ name, fixture }) => [name, fixture]));
  return {
    gateway,
    config,
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- one for each of BACKENDS
    fixtures: fixtures as FixtureGateway["fixtures"],
    stop: () => cleanup.disposeAsync(),
  };
}

export type Door = Readonly<{ url: string; apiKey: string }>;

/** A client of the 2025 line at `/mcp` or one backend; `prepare` sets its handlers. */
export async function connectLegacy(
  { url, apiKey }: Door,
  path: string,
  capabilities: ClientCapabilities = {},
  prepare: (client: Client) => void = () => {},
): Promise<Client> {
  const client = new Client({ name: "legacy", version: "1" }, { capabilities });
  prepare(client);
  const headers = { authorization: `Bearer ${apiKey}` };
  const transport = new StreamableHTTPClientTransport(new URL(url + path), {
    requestInit: { headers },
  });
  await client.connect(transport);
  return client;
}

/** A client of 2026-07-28 that would rather fail than speak anything older. */
export async function connectModern(
  { url, apiKey }: Door,
  path: string,
  capabilities: Record<string, object> = {},
  prepare: (client: ModernClient) => void = () => {},
): Promise<ModernClient> {
  const client = new ModernClient(
    { name: "modern", version: "1" },
    { capabilities, versionNegotiation: { mode: { pin: "2026-07-28" } } },
  );
  prepare(client);
  await client.connect(
    new ModernTransport(new URL(url + path), {
      requestInit: { headers: { authorization: `Bearer ${apiKey}` } },
    }),
  );
  return client;
}
