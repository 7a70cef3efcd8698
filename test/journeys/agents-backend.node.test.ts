import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import {
  Client as ModernClient,
  StreamableHTTPClientTransport as ModernTransport,
} from "@modelcontextprotocol/client";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { afterAll, beforeAll, expect, test } from "vitest";
import { claimPort } from "../../src/command/listen-address.ts";
import { openLocalRuntime, type LocalRuntime } from "../../src/command/local-runtime.ts";
import { createWrangler } from "../../src/command/wrangler-run.ts";
import { type StartedGateway, startGateway } from "../support/start-gateway.ts";

let folder: string;
let backend: LocalRuntime;
let gateway: StartedGateway;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "gateway-journey-"));
  const config = resolve(import.meta.dirname, "../support/agents-backend/wrangler.toml");
  const bundle = join(folder, "bundle");
  const built = await createWrangler()([
    "deploy",
    "--dry-run",
    "--config",
    config,
    "--outdir",
    bundle,
  ]);
  expect(built.code, built.stderr).toBe(0);
  const port = await claimPort("127.0.0.1", 0);
  backend = await openLocalRuntime({
    bundle: {
      folder: bundle,
      main: "worker.js",
      settings: {
        name: "agents-backend",
        compatibilityDate: "2026-10-01",
        compatibilityFlags: [],
        vars: {},
        kv: [],
        objects: [],
      },
    },
    variables: {},
    host: "127.0.0.1",
    port,
    state: join(folder, "backend"),
    onLog: () => {},
  });
  const file = join(folder, "mcp.json");
  writeFileSync(
    file,
    JSON.stringify({ mcpServers: { sums: { url: `http://127.0.0.1:${port}/mcp` } } }),
  );
  gateway = await startGateway(["--config", file]);
}, 90_000);

afterAll(async () => {
  await gateway?.stop();
  await backend?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const authorized = () => ({
  requestInit: { headers: { authorization: `Bearer ${gateway.apiKey}` } },
});
const sum = { name: "sums_add", arguments: { a: 2, b: 40 } };

test("speaks the newest revision to a server made with agents, and both to clients", async () => {
  const status = await fetch(`${gateway.url}/status`, {
    headers: { authorization: `Bearer ${gateway.apiKey}` },
  });
  expect(await status.json()).toMatchObject({
    backends: [{ name: "sums", state: "ready", era: "modern", protocolVersion: "2026-07-28" }],
  });

  const legacy = new Client({ name: "journey", version: "1" });
  await legacy.connect(
    new StreamableHTTPClientTransport(new URL(`${gateway.url}/mcp`), authorized()),
  );
  expect((await legacy.callTool(sum)).structuredContent).toEqual({ sum: 42 });
  await legacy.close();

  const modern = new ModernClient(
    { name: "journey", version: "1" },
    { versionNegotiation: { mode: "auto" } },
  );
  await modern.connect(new ModernTransport(new URL(`${gateway.url}/mcp`), authorized()));
  expect((await modern.callTool(sum)).structuredContent).toEqual({ sum: 42 });
  await modern.close();
});
