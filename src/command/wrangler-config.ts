import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import * as z from "zod";
import { PROJECT } from "../shell/project-files.ts";

/** What one installation adds to wrangler.toml. */
export type Installation = Readonly<{
  name?: string | undefined;
  /** Ids of KV namespaces on the account, by binding. */
  kv?: Readonly<Record<string, string>>;
  domain?: string | undefined;
  vars?: Readonly<Record<string, string>>;
}>;

const rawConfig = z.looseObject({
  main: z.string(),
  vars: z.record(z.string(), z.json()).optional(),
  kv_namespaces: z.array(z.looseObject({ binding: z.string() })).optional(),
  routes: z.array(z.unknown()).optional(),
});

export type RawConfig = z.infer<typeof rawConfig>;

/** What a package has in the place of wrangler.toml, beside the Worker. */
export const PREBUILT_FILE = "wrangler.json";

/**
 * wrangler.toml with an installation's own data, written where git does not look; the path of the
 * file. Account ids in the tracked file would be one person's in everybody's checkout.
 */
export async function writeWranglerConfig(folder: string, own: Installation): Promise<string> {
  const config = installConfig(await readOwnConfig(), own);
  await mkdir(folder, { recursive: true });
  const path = join(folder, "wrangler.json");
  const base = PROJECT.isPacked ? PROJECT.prebuilt : PROJECT.root;
  const main = relative(folder, join(base, config.main));
  // The mode counts only for a file that is made.
  await rm(path, { force: true });
  await writeFile(path, `${JSON.stringify({ ...config, main }, undefined, 2)}\n`, { mode: 0o600 });
  return path;
}

/** For a Worker that is built already: its modules are uploaded as they lie there. */
export async function prebuiltConfig(main: string): Promise<RawConfig> {
  // wrangler warns of what is for its own bundling.
  const { minify: _minify, keep_names: _keepNames, ...config } = await readWranglerToml();
  return {
    ...config,
    main,
    no_bundle: true,
    rules: [{ type: "Text", globs: ["**/*.mjs"], fallthrough: true }],
  };
}

async function readOwnConfig(): Promise<RawConfig> {
  if (!PROJECT.isPacked) return readWranglerToml();
  return rawConfig.parse(JSON.parse(await readFile(join(PROJECT.prebuilt, PREBUILT_FILE), "utf8")));
}

async function readWranglerToml(): Promise<RawConfig> {
  const { experimental_readRawConfig } = await import("wrangler");
  return rawConfig.parse(experimental_readRawConfig({ config: PROJECT.wranglerToml }).rawConfig);
}

export function installConfig(
  config: RawConfig,
  { name, kv = {}, domain, vars = {} }: Installation,
): RawConfig {
  return {
    ...config,
    ...(name === undefined ? {} : { name }),
    vars: { ...config.vars, ...vars },
    kv_namespaces: (config.kv_namespaces ?? []).map((namespace) => ({
      ...namespace,
      ...(kv[namespace.binding] === undefined ? {} : { id: kv[namespace.binding] }),
    })),
    ...(domain === undefined
      ? {}
      : { routes: [...(config.routes ?? []), { pattern: domain, custom_domain: true }] }),
  };
}
