import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import * as z from "zod";
import { CommandFailure } from "../shell/command-failure.ts";
import { runToEnd } from "../shell/finished-process.ts";
import { PROJECT } from "../shell/project-files.ts";

/** Over a slow line a runtime takes minutes. */
const FETCH_TIMEOUT_MS = 15 * 60_000;

const manifest = z.looseObject({ devDependencies: z.record(z.string(), z.string()) });

/** What only `start` and `deploy` need, each over a hundred megabytes with what comes with it. */
export type HeavyPackage = "miniflare" | "wrangler";

/**
 * The file that importing the package would load. It is beside us in a checkout and in an image;
 * else the one version we were built with is fetched, once, so that those who only connect or speak
 * stdio never wait for it.
 */
export async function requireHeavyPackage(name: HeavyPackage): Promise<string> {
  const beside = findFrom(import.meta.url, name);
  if (beside !== undefined) return beside;
  const { devDependencies } = manifest.parse(
    JSON.parse(await readFile(PROJECT.packageJson, "utf8")),
  );
  const version = devDependencies[name];
  if (version === undefined) throw new TypeError(`package.json names no ${name}`);
  const folder = join(PROJECT.scratch, "packages", `${name}-${version}`);
  const kept = findIn(folder, name);
  if (kept !== undefined) return kept;

  console.error(`Fetching ${name} ${version} (once, about a minute)…`);
  await mkdir(dirname(folder), { recursive: true });
  const fresh = await mkdtemp(`${folder}-`);
  try {
    await fetchInto(fresh, `${name}@${version}`);
    // Another process may have fetched the same meanwhile; then its folder stands.
    await rename(fresh, folder).catch(() => {});
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
  const made = findIn(folder, name);
  if (made === undefined) throw new CommandFailure(`Cannot fetch ${name}: npm left nothing`);
  return made;
}

/** The same, for `import()`: a path is none on Windows. */
export async function requireHeavyModule(name: HeavyPackage): Promise<string> {
  return pathToFileURL(await requireHeavyPackage(name)).href;
}

async function fetchInto(folder: string, what: string): Promise<void> {
  const [program, ...before] = findNpm(process.env);
  const args = ["install", "--prefix", folder, "--no-audit", "--no-fund", "--loglevel=error", what];
  const failed = (reason: string, cause?: unknown): CommandFailure =>
    new CommandFailure(
      `Cannot fetch ${what}: ${reason}; "npm install ${what}" beside this package does the same`,
      undefined,
      { cause },
    );
  const run = { program, args: [...before, ...args], cwd: folder, timeoutMs: FETCH_TIMEOUT_MS };
  const done = await runToEnd(run).catch((error: unknown) => {
    throw failed("npm cannot be started", error);
  });
  if (done.code === 0) return;
  const words = /^npm error (?!code )(.+)$/m.exec(done.stderr)?.[1];
  throw failed(words ?? `npm ended with ${done.code}`);
}

/** The npm that runs us, or the one that came with this Node; its launchers need a shell on Windows. */
function findNpm(
  env: Readonly<Record<string, string | undefined>>,
): readonly [string, ...string[]] {
  const bin = dirname(process.execPath);
  const script = [
    env["npm_execpath"] ?? "",
    join(bin, "node_modules/npm/bin/npm-cli.js"),
    join(bin, "../lib/node_modules/npm/bin/npm-cli.js"),
  ].find((path) => path.endsWith(".js") && existsSync(path));
  return script === undefined ? ["npm"] : [process.execPath, script];
}

function findIn(folder: string, name: string): string | undefined {
  return findFrom(pathToFileURL(join(folder, "package.json")).href, name);
}

function findFrom(place: string, name: string): string | undefined {
  try {
    return createRequire(place).resolve(name);
  } catch {
    return undefined; // not there: the caller fetches it
  }
}
