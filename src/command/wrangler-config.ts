import { mkdir, rm, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import * as z from "zod";
import { PROJECT } from "./project-files.ts";

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

/**
 * wrangler.toml with an installation's own data, written where git does not look; the path of the
 * file. Account ids in the tracked file would be one person's in everybody's checkout.
 */
export async function writeWranglerConfig(folder: string, own: Installation): Promise<string> {
  const { experimental_readRawConfig } = await import("wrangler");
  const { rawConfig: read } = experimental_readRawConfig({ config: PROJECT.wranglerToml });
  const config = installConfig(rawConfig.parse(read), own);
  await mkdir(folder, { recursive: true });
  const path = join(folder, "wrangler.json");
  const main = relative(folder, join(PROJECT.root, config.main));
  // The mode counts only for a file that is made.
  await rm(path, { force: true });
  await writeFile(path, `${JSON.stringify({ ...config, main }, undefined, 2)}\n`, { mode: 0o600 });
  return path;
}

export function installConfig(
  config: z.infer<typeof rawConfig>,
  { name, kv = {}, domain, vars = {} }: Installation,
): z.infer<typeof rawConfig> {
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
