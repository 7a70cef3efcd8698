import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { CommandFailure } from "../shell/command-failure.ts";
import { hostSettings, readHostSettings, type HostSettings } from "./host-settings.ts";
import { PROJECT } from "../shell/project-files.ts";
import { createWrangler, wranglerProblem, type WranglerRun } from "./wrangler-run.ts";

/** Part of the cache's key: raise it when the way of building changes. */
const BUILD_VERSION = 1;
const SETTINGS_FILE = "host-settings.json";

export type WorkerBundle = Readonly<{
  /** Folder of the modules, as `wrangler deploy` would upload them. */
  folder: string;
  main: string;
  settings: HostSettings;
}>;

/**
 * The Worker as deploy ships it, since the same wrangler with the same wrangler.toml makes both.
 * Kept by the content of everything it is made of, so the next start reads it from disk.
 */
export async function openWorkerBundle(
  wrangler: WranglerRun = createWrangler(),
): Promise<WorkerBundle> {
  if (PROJECT.isPacked) return requirePrebuilt();
  const cache = join(PROJECT.scratch, "worker");
  const folder = join(cache, await hashOfSources());
  const kept = await readKept(folder);
  if (kept !== undefined) return kept;

  await mkdir(cache, { recursive: true });
  const fresh = await mkdtemp(join(cache, "building-"));
  try {
    const [built, settings] = await Promise.all([
      wrangler(["deploy", "--dry-run", "--config", PROJECT.wranglerToml, "--outdir", fresh]),
      readHostSettings(PROJECT.wranglerToml),
    ]);
    if (built.code !== 0) throw new CommandFailure(`Cannot build: ${wranglerProblem(built)}`);
    await writeFile(join(fresh, SETTINGS_FILE), JSON.stringify(settings));
    // Another start may have built the same meanwhile; then its folder stands.
    await rename(fresh, folder).catch(() => rm(fresh, { recursive: true, force: true }));
  } catch (error) {
    await rm(fresh, { recursive: true, force: true });
    throw error;
  }
  await forgetOthers(cache, folder);
  const made = await readKept(folder);
  if (made === undefined) throw new CommandFailure(`Cannot build: wrangler left no bundle`);
  return made;
}

async function requirePrebuilt(): Promise<WorkerBundle> {
  const bundle = await readKept(PROJECT.prebuilt);
  if (bundle !== undefined) return bundle;
  throw new CommandFailure("Cannot read the Worker of this package: install the package again");
}

async function readKept(folder: string): Promise<WorkerBundle | undefined> {
  try {
    const settings = hostSettings.parse(
      JSON.parse(await readFile(join(folder, SETTINGS_FILE), "utf8")),
    );
    await readFile(join(folder, "index.js"));
    return { folder, main: "index.js", settings };
  } catch {
    return undefined; // not built yet, or cut off: build again
  }
}

/** The command's own sources are not in the bundle. */
async function hashOfSources(): Promise<string> {
  const entries = await readdir(PROJECT.source, { recursive: true, withFileTypes: true });
  const sources = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !relative(PROJECT.source, path).startsWith("command"));
  const hash = createHash("sha256").update(String(BUILD_VERSION));
  for (const path of [...sources.toSorted(), PROJECT.wranglerToml, PROJECT.lockFile]) {
    const content = await readFile(path);
    hash.update(`\0${relative(PROJECT.root, path)}\0${content.length}\0`).update(content);
  }
  return hash.digest("hex").slice(0, 16);
}

/** One bundle is kept: a running gateway has read its own into memory. */
async function forgetOthers(cache: string, folder: string): Promise<void> {
  for (const name of await readdir(cache)) {
    const path = join(cache, name);
    if (path === folder || name.startsWith("building-")) continue;
    await rm(path, { recursive: true, force: true });
  }
}
