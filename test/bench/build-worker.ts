import { mkdtemp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PROJECT } from "../../src/shell/project-files.ts";
import type { WorkerBundle } from "../../src/command/worker-bundle.ts";
import { createWrangler, wranglerProblem } from "../../src/command/wrangler-run.ts";
import { readHostSettings } from "../../src/command/host-settings.ts";

/** One file of the bench as a Worker with the settings of the gateway, but none of its bindings. */
export async function buildWorker(file: string): Promise<WorkerBundle> {
  const settings = await readHostSettings(PROJECT.wranglerToml);
  // Inside the project, because the sources name packages.
  const folder = await mkdtemp(join(PROJECT.scratch, "bench-"));
  const config = join(folder, "wrangler.json");
  await writeFile(
    config,
    JSON.stringify({
      name: "bench",
      main: join(import.meta.dirname, file),
      compatibility_date: settings.compatibilityDate,
      compatibility_flags: settings.compatibilityFlags,
    }),
  );
  const args = ["deploy", "--dry-run", "--config", config, "--outdir", folder];
  const built = await createWrangler()(args);
  if (built.code !== 0) throw new Error(wranglerProblem(built));
  return {
    folder,
    main: file.replace(/\.ts$/, ".js"),
    settings: { ...settings, vars: {}, kv: [], objects: [] },
  };
}
