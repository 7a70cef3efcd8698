import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PROJECT } from "../../src/shell/project-files.ts";
import { type Child, startChild } from "../support/child.ts";
import { mintConnectorKey, type OpenedGateway } from "./open-gateway.ts";

/** `connect` in a process of its own, which brings the servers of this document. */
export async function startConnect(
  gateway: OpenedGateway,
  mcpServers: object,
  cleanup: AsyncDisposableStack,
): Promise<Child> {
  const folder = await mkdtemp(join(tmpdir(), "bench-connect-"));
  cleanup.defer(() => rm(folder, { recursive: true, force: true }));
  const config = join(folder, "mcp.json");
  await writeFile(config, JSON.stringify({ mcpServers }));
  const child = startChild(
    process.execPath,
    [join(PROJECT.root, "src/command/run.mjs"), "connect", "--gateway", gateway.url, "-c", config],
    { env: { GATEWAY_API_KEY: await mintConnectorKey(gateway) } },
  );
  cleanup.defer(async () => void (await child.stop()));
  return child;
}
