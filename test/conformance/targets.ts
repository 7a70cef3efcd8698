import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { CONFORMANCE_WIRES } from "../support/conformance-fixture.ts";
import { startEverything } from "../support/real-servers.ts";
import { startGateway, type StartedGateway } from "../support/start-gateway.ts";
import { startBearerProxy } from "./bearer-proxy.ts";
import { type Revision, REVISIONS } from "./official-suite.ts";

export type Target = Readonly<{
  name: string;
  revisions: readonly Revision[];
  kind: "direct" | "control" | "gateway";
  /** The direct target whose passes this one has to pass too. */
  heldTo?: Readonly<Partial<Record<Revision, string>>>;
}>;

/** No legacy wire speaks the modern revision, so nothing less than the modern fixture is asked. */
const SESSION_OR_MODERN = { "2025-11-25": "direct-session", "2026-07-28": "direct-modern" };
const JSON_OR_MODERN = { "2025-11-25": "direct-json", "2026-07-28": "direct-modern" };

/** Whom the suite asks. The control is a server known to fail: it shows that failures are seen. */
export const TARGETS: readonly Target[] = [
  { name: "direct-session", revisions: ["2025-11-25"], kind: "direct" },
  { name: "direct-modern", revisions: ["2026-07-28"], kind: "direct" },
  { name: "control", revisions: ["2025-11-25"], kind: "control" },
  { name: "gateway-json", revisions: REVISIONS, kind: "gateway", heldTo: JSON_OR_MODERN },
  { name: "gateway-session", revisions: REVISIONS, kind: "gateway", heldTo: SESSION_OR_MODERN },
  { name: "gateway-modern", revisions: REVISIONS, kind: "gateway", heldTo: SESSION_OR_MODERN },
  { name: "gateway-sse", revisions: REVISIONS, kind: "gateway", heldTo: SESSION_OR_MODERN },
  { name: "gateway-local", revisions: REVISIONS, kind: "gateway", heldTo: SESSION_OR_MODERN },
  {
    name: "gateway-local-modern",
    revisions: REVISIONS,
    kind: "gateway",
    heldTo: SESSION_OR_MODERN,
  },
];

export type Houses = Readonly<{
  /** By name of target. */
  urls: ReadonlyMap<string, string>;
  gateway: StartedGateway;
}>;

/** Starts everything the targets need; `cleanup` stops it, whatever happens here. */
export async function openTargets(cleanup: AsyncDisposableStack): Promise<Houses> {
  const wires = new Map<string, string>();
  for (const [name, start] of Object.entries(CONFORMANCE_WIRES)) {
    const fixture = await start();
    cleanup.defer(() => fixture.close());
    wires.set(name, fixture.url);
  }
  const control = await startEverything("streamableHttp");
  cleanup.defer(async () => void (await control.stop()));

  const gateway = await openGateway(wires, cleanup);
  const proxy = await startBearerProxy(gateway.url, gateway.apiKey);
  cleanup.defer(() => proxy.close());
  return {
    gateway,
    urls: new Map([
      ["direct-json", wires.get("legacy-json") ?? ""],
      ["direct-session", wires.get("legacy-session") ?? ""],
      ["direct-modern", wires.get("modern") ?? ""],
      ["control", control.url],
      ...[...BACKENDS.keys(), ...LOCAL.keys()].map(
        (backend) => [`gateway-${backend}`, `${proxy.url}/mcp/${backend}`] as const,
      ),
    ]),
  };
}

/** Backend of the gateway, wire of the fixture, type of the config. */
const BACKENDS: ReadonlyMap<string, readonly [wire: string, type: string]> = new Map([
  ["json", ["legacy-json", "http"]],
  ["session", ["legacy-session", "http"]],
  ["modern", ["modern", "http"]],
  ["sse", ["legacy-sse", "sse"]],
]);

/** Backend of the gateway, era of the server that its connector starts. */
const LOCAL: ReadonlyMap<string, string> = new Map([
  ["local", "legacy"],
  ["local-modern", "modern"],
]);
const STDIO_SERVER = resolve(import.meta.dirname, "../support/conformance-stdio.ts");

async function openGateway(
  wires: ReadonlyMap<string, string>,
  cleanup: AsyncDisposableStack,
): Promise<StartedGateway> {
  const folder = await mkdtemp(join(tmpdir(), "conformance-"));
  cleanup.defer(() => rm(folder, { recursive: true, force: true }));
  const config = join(folder, "mcp.json");
  const mcpServers = Object.fromEntries([
    ...[...BACKENDS].map(([name, [wire, type]]) => [name, { type, url: wires.get(wire) }]),
    ...[...LOCAL].map(([name, era]) => [
      name,
      { command: process.execPath, args: [STDIO_SERVER, era] },
    ]),
  ]);
  await writeFile(config, JSON.stringify({ mcpServers }));
  const gateway = await startGateway(["--config", config]);
  cleanup.defer(async () => void (await gateway.stop()));
  return gateway;
}
