import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { JsonObject } from "../../src/core/json.ts";
import { eventually } from "./child.ts";
import type { RecordedRequest } from "./scripted-llm-log.ts";
import { SCRIPTED_KEY, type ScriptedLlm, startScriptedLlm } from "./scripted-llm.ts";
import { startGateway, type StartedGateway } from "./start-gateway.ts";

export type ScriptedGateway = Readonly<{
  gateway: StartedGateway;
  llm: ScriptedLlm;
  /** What a provider was asked in chats, in order. */
  asked: (provider: string) => readonly RecordedRequest[];
  stop: () => Promise<void>;
}>;

/** `path` comes after the name of a provider in its address. */
export type Part = Readonly<{ personality?: string; path?: string; config?: JsonObject }>;

export type ScriptedSetting = Readonly<{
  mcpServers: JsonObject;
  /** Names of providers; each keeps its requests apart from the others'. */
  providers: readonly string[];
  /** Of the provider: what it plays, and entries of its config beside the usual ones. */
  playing?: Readonly<Record<string, Part>>;
  llm?: JsonObject;
  gateway?: JsonObject;
}>;

/** The real gateway between real MCP servers and scripted models, as `{provider}/scripted-1`. */
export async function startScriptedGateway({
  mcpServers,
  providers,
  playing = {},
  llm: rest = {},
  gateway: part,
}: ScriptedSetting): Promise<ScriptedGateway> {
  await using cleanup = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "gateway-scripted-"));
  cleanup.defer(() => rm(folder, { recursive: true, force: true }));
  const llm = await startScriptedLlm();
  cleanup.defer(() => llm.close());
  const entries = providers.map((name) => {
    const { personality = "openai", path = "/v1", config = {} } = playing[name] ?? {};
    const baseUrl = `${llm.url}/${personality}/${name}${path}`;
    return [name, { baseUrl, apiKey: SCRIPTED_KEY, models: ["scripted-1"], ...config }];
  });
  const config = join(folder, "mcp.json");
  await writeFile(
    config,
    JSON.stringify({
      mcpServers,
      llm: { providers: Object.fromEntries(entries), ...rest },
      ...(part === undefined ? {} : { gateway: part }),
    }),
  );
  const gateway = await startGateway(["--config", config]);
  cleanup.defer(async () => void (await gateway.stop()));
  await allReady(gateway, Object.keys(mcpServers));
  const kept = cleanup.move();
  return {
    gateway,
    llm,
    asked: (provider) =>
      llm.requests(provider).filter(({ path }) => path.includes("/chat/completions")),
    stop: () => kept.disposeAsync(),
  };
}

/** A script is about tools: they must have been listed before it begins. */
async function allReady({ url, apiKey }: StartedGateway, names: readonly string[]): Promise<void> {
  await eventually("the tools of every backend", async () => {
    const headers = { authorization: `Bearer ${apiKey}` };
    const response = await fetch(`${url}/v1/tools`, { headers });
    const { data }: { data: { function: { name: string } }[] } = JSON.parse(await response.text());
    const missing = names.filter(
      (name) => !data.some((tool) => tool.function.name.startsWith(`${name}_`)),
    );
    if (missing.length > 0) throw new Error(`no tool of ${missing.join(", ")} yet`);
  });
}
