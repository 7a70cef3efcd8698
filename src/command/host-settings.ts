import * as z from "zod";
import { CommandFailure } from "../shell/command-failure.ts";

/** What a host must give the Worker: wrangler.toml, read by wrangler and reduced to what we use. */
export const hostSettings = z.object({
  name: z.string(),
  compatibilityDate: z.string(),
  compatibilityFlags: z.array(z.string()),
  vars: z.record(z.string(), z.json()),
  kv: z.array(z.object({ binding: z.string(), id: z.string() })),
  objects: z.array(z.object({ binding: z.string(), className: z.string(), sqlite: z.boolean() })),
});
export type HostSettings = z.infer<typeof hostSettings>;

const readConfig = z.object({
  name: z.string(),
  compatibility_date: z.string(),
  compatibility_flags: z.array(z.string()).default([]),
  vars: z.record(z.string(), z.json()).default({}),
  kv_namespaces: z.array(z.object({ binding: z.string(), id: z.string().optional() })).default([]),
  durable_objects: z
    .object({ bindings: z.array(z.object({ name: z.string(), class_name: z.string() })) })
    .default({ bindings: [] }),
  migrations: z
    .array(z.looseObject({ new_sqlite_classes: z.array(z.string()).default([]) }))
    .default([]),
});

/**
 * Bindings the Worker could ask for and `npm start` would silently leave out. Datasets of Analytics
 * Engine are none of them: the Worker writes to one only where it is deployed with it.
 */
const UNSUPPORTED = [
  "r2_buckets",
  "d1_databases",
  "services",
  "vectorize",
  "hyperdrive",
  "ratelimits",
  "workflows",
  "ai",
  "browser",
  "assets",
];

/** From what wrangler read out of wrangler.toml. */
export function parseHostSettings(config: unknown): HostSettings {
  const raw = z.record(z.string(), z.unknown()).parse(config);
  for (const key of UNSUPPORTED) {
    const value = raw[key];
    if (value === undefined || (Array.isArray(value) && value.length === 0)) continue;
    throw new CommandFailure(
      `wrangler.toml: ${key}: npm start provides kv_namespaces, durable_objects and vars only`,
    );
  }
  const read = readConfig.parse(raw);
  const sqlite = new Set(read.migrations.flatMap((migration) => migration.new_sqlite_classes));
  return {
    name: read.name,
    compatibilityDate: read.compatibility_date,
    compatibilityFlags: read.compatibility_flags,
    vars: read.vars,
    kv: read.kv_namespaces.map(({ binding, id }) => ({ binding, id: id ?? binding })),
    objects: read.durable_objects.bindings.map(({ name, class_name }) => ({
      binding: name,
      className: class_name,
      sqlite: sqlite.has(class_name),
    })),
  };
}

/** wrangler itself takes 0.7 s to load, so it is only asked when something changed. */
export async function readHostSettings(path: string): Promise<HostSettings> {
  const { unstable_readConfig } = await import("wrangler");
  return parseHostSettings(unstable_readConfig({ config: path }, { hideWarnings: true }));
}
