import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";

export const ROOT = resolve(import.meta.dirname, "../..");
/** Building bundles the Worker and the command, on a busy machine. */
export const PACK_MS = 180_000;

const execute = promisify(execFile);

export type Installed = Readonly<{
  /** A folder that had nothing in it before. */
  folder: string;
  tarball: string;
  /** The link that npm makes for the name of a command. */
  bin: (name: string) => string;
  script: string;
  remove: () => Promise<void>;
}>;

/**
 * The package as npm packs it from the checkout, installed into a clean folder without a registry:
 * it has no dependencies. What `start` would fetch is linked beside it, so fetching is not proven.
 */
export async function installPacked(): Promise<Installed> {
  const folder = await mkdtemp(join(tmpdir(), "packed-"));
  const name = await npm(["pack", "--silent", "--pack-destination", folder], ROOT);
  const tarball = join(folder, name.trim().split("\n").at(-1) ?? "");
  const app = join(folder, "app");
  await mkdir(app);
  await npm(["install", "--offline", "--no-audit", "--no-fund", "--prefix", app, tarball], app);
  await linkPackage(app, "miniflare");
  const bin = (command: string): string => join(app, "node_modules/.bin", command);
  return {
    folder: app,
    tarball,
    bin,
    script: join(app, "node_modules/mcp-edge-gateway/dist/command/mcp-edge-gateway.js"),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** A package of the checkout, where Node looks for those of `folder`. */
export async function linkPackage(folder: string, name: string): Promise<void> {
  const place = join(folder, "node_modules", name);
  await mkdir(dirname(place), { recursive: true });
  await symlink(join(ROOT, "node_modules", name), place, "dir");
}

/** What npm says. Its own environment would make it work on the checkout instead. */
export async function npm(args: readonly string[], cwd: string): Promise<string> {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^npm_(?!execpath$)/i.test(name)),
  );
  const { npm_execpath: script } = process.env;
  const [file, before] =
    script !== undefined && existsSync(script) ? [process.execPath, [script]] : ["npm", []];
  const { stdout } = await execute(file, [...before, ...args], { cwd, env, timeout: PACK_MS });
  return stdout;
}

/** The Node of the tests, and the host's own where it is another that the package is for. */
export async function nodesToTry(): Promise<readonly { version: string; path: string }[]> {
  const paths = (process.env["PATH"] ?? "").split(":").map((folder) => join(folder, "node"));
  const candidates = [process.execPath, ...paths.filter((path) => existsSync(path))];
  const nodes = new Map<string, string>();
  for (const path of candidates) {
    // oxlint-disable-next-line no-await-in-loop -- three at most
    const { stdout } = await execute(path, ["--version"]);
    const version = stdout.trim().replace(/^v/, "");
    const [major = 0, minor = 0] = version.split(".").map(Number);
    if (major > 20 || (major === 20 && minor >= 12)) nodes.set(String(major), path);
  }
  return [...nodes].map(([version, path]) => ({ version, path }));
}
