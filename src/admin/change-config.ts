import type { ConfigVersion, Registry } from "../config/registry.ts";
import { GatewayError } from "../core/errors.ts";
import { isJsonObject, type JsonObject } from "../core/json.ts";
import { entriesOf, type WrittenEntry } from "./config-entries.ts";

/** The stored document with its secrets masked, and the version a change has to be made to. */
export type OpenConfig = Readonly<{
  version: number;
  document: JsonObject;
  entries: readonly WrittenEntry[];
}>;

export async function openConfig(registry: Pick<Registry, "readConfig">): Promise<OpenConfig> {
  const { version, document } = await registry.readConfig();
  if (!isJsonObject(document)) throw new TypeError("the stored config is no object");
  return { version, document, entries: entriesOf(document) };
}

/** Throws `not_found`. */
export function requireEntry({ entries }: OpenConfig, name: string): WrittenEntry {
  const found = entries.find((entry) => entry.name === name);
  if (found !== undefined) return found;
  throw new GatewayError("not_found", `Cannot open backend "${name.slice(0, 40)}": it is unknown`);
}

/** Masks in the document stand for what is stored. Throws `conflict`, `config_invalid`. */
export function storeConfig(
  registry: Pick<Registry, "putConfig">,
  { version }: Pick<OpenConfig, "version">,
  document: JsonObject,
): Promise<ConfigVersion> {
  return registry.putConfig({
    text: JSON.stringify(document),
    source: "admin",
    expectedVersion: version,
  });
}

/**
 * The version a form was made from; whoever changed the config since is not overwritten, because
 * the config is read again and refused by this.
 */
export function requireVersion(config: OpenConfig, form: URLSearchParams): OpenConfig {
  if (form.get("version") === String(config.version)) return config;
  throw new GatewayError(
    "conflict",
    "Cannot store this: the config was changed meanwhile, look at what is there now and try again",
  );
}
