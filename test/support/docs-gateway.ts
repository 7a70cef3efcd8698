import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DOCS_OFFER } from "./docs-offer.ts";
import { startQuirkyBackends } from "./quirky-backends.ts";
import { type StartedGateway, startGateway } from "./start-gateway.ts";

export type DocsGateway = Readonly<{ gateway: StartedGateway; stop: () => Promise<void> }>;

/** The real gateway with backends worth looking at; `gateway` is that part of its config. */
export async function startDocsGateway(part: object = {}): Promise<DocsGateway> {
  const cleanup = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "gateway-docs-"));
  cleanup.defer(() => rm(folder, { recursive: true, force: true }));
  const quirky = await startQuirkyBackends();
  cleanup.defer(() => quirky.close());
  const control = `${quirky.url}/control/scripted/docs`;
  await fetch(control, { method: "POST", body: JSON.stringify({ offer: DOCS_OFFER }) });
  const mcpServers = {
    rooms: { url: `${quirky.url}/scripted/docs` },
    slow: { url: `${quirky.url}/hang/docs` },
    time: { builtin: "time" },
  };
  const config = join(folder, "mcp.json");
  await writeFile(config, JSON.stringify({ mcpServers, gateway: part }));
  const gateway = await startGateway(["--config", config]);
  cleanup.defer(async () => void (await gateway.stop()));
  return { gateway, stop: () => cleanup.disposeAsync() };
}
