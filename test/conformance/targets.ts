import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CONFORMANCE_WIRES } from "../support/conformance-fixture.ts";
import { startEverything } from "../support/real-servers.ts";
import { startGateway, type StartedGateway } from "../support/start-gateway.ts";
import { startBearerProxy } from "./bearer-proxy.ts";
import type { Revision } from "./official-suite.ts";

/** Which wire of the fixture answers directly to each revision: what the gateway is held to. */
export const DIRECT: Readonly<Record<Revision, string>> = {
  "2025-11-25": "direct-session",
  "2026-07-28": "direct-modern",
};

export type Target = Readonly<{
  name: string;
  revisions: readonly Revision[];
  kind: "direct" | "control" | "gateway";
}>;

/** Whom the suite asks. The control is a server known to fail: it shows that failures are seen. */
export const TARGETS: readonly Target[] = [
  { name: "direct-session", revisions: ["2025-11-25"], kind: "direct" },
  { name: "direct-modern", revisions: ["2026-07-28"], kind: "direct" },
  { name: "control", revisions: ["2025-11-25"], kind: "control" },
  { name: "gateway-json", revisions: ["2025-11-25", "2026-07-28"], kind: "gateway" },
  { name: "gateway-session", revisions: ["2025-11-25", "2026-07-28"], kind: "gateway" },
  { name: "gateway-modern", revisions: ["2025-11-25", "2026-07-28"], kind: "gateway" },
  { name: "gateway-sse", revisions: ["2025-11-25", "2026-07-28"], kind: "gateway" },
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
      ["direct-session", wires.get("legacy-session") ?? ""],
      ["direct-modern", wires.get("modern") ?? ""],
      ["control", control.url],
      ...[...BACKENDS].map(
        ([backend]) => [`gateway-${backend}`, `${proxy.url}/mcp/${backend}`] as const,
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

async function openGateway(
  wires: ReadonlyMap<string, string>,
  cleanup: AsyncDisposableStack,
): Promise<StartedGateway> {
  const folder = await mkdtemp(join(tmpdir(), "conformance-"));
  cleanup.defer(() => rm(folder, { recursive: true, force: true }));
  const config = join(folder, "mcp.json");
  const mcpServers = Object.fromEntries(
    [...BACKENDS].map(([name, [wire, type]]) => [name, { type, url: wires.get(wire) }]),
  );
  await writeFile(config, JSON.stringify({ mcpServers }));
  const gateway = await startGateway(["--config", config]);
  cleanup.defer(async () => void (await gateway.stop()));
  return gateway;
}
