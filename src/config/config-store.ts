import * as z from "zod";
import { GatewayError } from "../core/errors.ts";
import type { JsonObject } from "../core/json.ts";
import type { Seal } from "../core/seal.ts";
import { DEFAULT_DOCUMENT, parseConfig, parseDocumentText } from "./config-document.ts";
import type { ConfigVersion } from "./registry.ts";

/** Older versions go: one can go back this far. */
const KEPT_VERSIONS = 50;

const strings = z.array(z.string());

type Row = {
  version: number;
  at: number;
  source: string;
  warnings: string;
  origins: string;
  document: string;
};

export type CurrentConfig = Readonly<{
  version: ConfigVersion;
  document: JsonObject;
  /** Origins the local file named, this version and every earlier one from the file. */
  privateOrigins: readonly string[];
}>;

/**
 * The config document and its versions, in the registry's SQLite. Documents are sealed: a header
 * written in clear in the file must not lie in clear in storage.
 */
export class ConfigStore {
  readonly #sql: SqlStorage;
  readonly #seal: Seal;

  constructor(sql: SqlStorage, seal: Seal) {
    this.#sql = sql;
    this.#seal = seal;
    sql.exec(
      `CREATE TABLE IF NOT EXISTS config_versions (
         version INTEGER PRIMARY KEY, at INTEGER NOT NULL, source TEXT NOT NULL,
         warnings TEXT NOT NULL, origins TEXT NOT NULL, document TEXT NOT NULL)`,
    );
  }

  async current(): Promise<CurrentConfig> {
    const row = this.#newest();
    if (row === undefined) {
      return {
        version: { version: 0, at: 0, source: "default", warnings: [] },
        document: DEFAULT_DOCUMENT,
        privateOrigins: [],
      };
    }
    return this.#open(row);
  }

  async read(version: number): Promise<CurrentConfig> {
    if (version === 0)
      return { ...(await this.current()), version: defaultVersion, document: DEFAULT_DOCUMENT };
    const row = this.#sql
      .exec<Row>("SELECT * FROM config_versions WHERE version = ?", version)
      .toArray()[0];
    if (row === undefined)
      throw new GatewayError("not_found", `Cannot find config version ${version}`);
    return this.#open(row);
  }

  versions(): readonly ConfigVersion[] {
    return this.#sql
      .exec<Row>("SELECT * FROM config_versions ORDER BY version DESC LIMIT ?", KEPT_VERSIONS)
      .toArray()
      .map(toVersion);
  }

  /** `sealed` comes from `seal`, so that nothing is awaited between check and write. */
  append(entry: {
    sealed: string;
    at: number;
    source: "file" | "admin";
    warnings: readonly string[];
    privateOrigins: readonly string[];
  }): ConfigVersion {
    const version = (this.#newest()?.version ?? 0) + 1;
    this.#sql.exec(
      "INSERT INTO config_versions VALUES (?, ?, ?, ?, ?, ?)",
      version,
      entry.at,
      entry.source,
      JSON.stringify(entry.warnings),
      JSON.stringify(entry.privateOrigins),
      entry.sealed,
    );
    this.#sql.exec("DELETE FROM config_versions WHERE version <= ?", version - KEPT_VERSIONS);
    return { version, at: entry.at, source: entry.source, warnings: entry.warnings };
  }

  seal(document: JsonObject): Promise<string> {
    return this.#seal.seal(JSON.stringify(document));
  }

  #newest(): Row | undefined {
    return this.#sql
      .exec<Row>("SELECT * FROM config_versions ORDER BY version DESC LIMIT 1")
      .toArray()[0];
  }

  async #open(row: Row): Promise<CurrentConfig> {
    const document = parseDocumentText(await this.#seal.open(row.document));
    parseConfig(document); // a document this code no longer understands must not come into force
    return {
      version: toVersion(row),
      document,
      privateOrigins: strings.parse(JSON.parse(row.origins)),
    };
  }
}

const defaultVersion: ConfigVersion = { version: 0, at: 0, source: "default", warnings: [] };

function toVersion(row: Row): ConfigVersion {
  return {
    version: row.version,
    at: row.at,
    source: row.source === "file" ? "file" : "admin",
    warnings: strings.parse(JSON.parse(row.warnings)),
  };
}
