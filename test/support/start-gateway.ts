import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type Child, freePort, startChild } from "./child.ts";

const ROOT = resolve(import.meta.dirname, "../..");

export type StartedGateway = Readonly<{
  url: string;
  ownerPassword: string;
  apiKey: string;
  child: Child;
  state: string;
  stop: () => Promise<number | null>;
}>;

/** What `npm start` runs, on a free port, with a state folder of its own. */
export async function startGateway(
  args: readonly string[] = [],
  options: { env?: Record<string, string>; state?: string; port?: number } = {},
): Promise<StartedGateway> {
  const state = options.state ?? mkdtempSync(join(tmpdir(), "gateway-state-"));
  const port = options.port ?? (await freePort());
  const child = startChild(
    join(ROOT, "node_modules/.bin/node"),
    ["src/command/run.mjs", "start", "--port", String(port), "--state", state, ...args],
    { cwd: ROOT, env: { NO_COLOR: "1", ...options.env } },
  );
  try {
    await child.see(/Connect\n[\s\S]*curl /, 60_000);
  } catch (error) {
    await child.stop();
    throw error;
  }
  const shown = (label: string): string =>
    new RegExp(`^\\s*${label}\\s+(\\S.*)$`, "m").exec(child.output())?.[1] ?? "";
  return {
    url: shown("URL"),
    ownerPassword: shown("Owner password"),
    apiKey: shown("API key"),
    child,
    state,
    async stop() {
      const code = await child.stop();
      if (options.state === undefined) rmSync(state, { recursive: true, force: true });
      return code;
    },
  };
}
