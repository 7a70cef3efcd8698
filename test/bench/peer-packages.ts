import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runToEnd } from "../../src/shell/finished-process.ts";
import { PROJECT } from "../../src/shell/project-files.ts";

const INSTALL_MS = 120_000;

export type PeerPackages = Readonly<{
  /** Theirs alone, kept from run to run. */
  folder: string;
  /** Why they are not there; undefined when they are. */
  problem: string | undefined;
}>;

/** What the gateway is compared with is no dependency of it: it lies in a folder of its own. */
export async function installPeers(
  name: string,
  versions: Readonly<Record<string, string>>,
): Promise<PeerPackages> {
  const folder = join(PROJECT.scratch, name);
  await mkdir(folder, { recursive: true });
  const manifest = JSON.stringify({ private: true, dependencies: versions });
  await writeFile(join(folder, "package.json"), manifest);
  const installed = await runToEnd({
    program: "npm",
    args: ["install", "--prefer-offline", "--no-audit", "--no-fund", "--ignore-scripts"],
    cwd: folder,
    timeoutMs: INSTALL_MS,
  });
  return { folder, problem: installed.code === 0 ? undefined : firstError(installed.stderr) };
}

/** What npm warns of comes before it. */
function firstError(said: string): string {
  const lines = said.split("\n");
  return lines.find((line) => line.startsWith("npm error")) ?? lines[0] ?? "";
}
