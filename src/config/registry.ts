import type { BackendReport } from "./backend-report.ts";
import type { Outcome } from "../core/outcome.ts";
import type { GatewayConfig } from "./gateway-config.ts";
import type { KnownUser } from "./user-record.ts";

/**
 * The one strongly consistent truth, as the rest of the gateway sees it. Everything here is one hop
 * to the RegistryObject.
 */
export interface Registry {
  /** What changed since change number `since`, or "unchanged". */
  snapshot(since: number): Promise<SnapshotData | "unchanged">;
  /**
   * The newest change number, as soon as it is not `change`; the same again after 20 s, or sooner
   * when too many wait.
   */
  watch(change: number): Promise<number>;

  /** Validates, stores as the next version, and starts connecting. Throws `config_invalid`, `conflict`. */
  putConfig(put: ConfigPut): Promise<ConfigVersion>;
  /** The current document, secrets masked; `version` 0 is the built-in default. */
  readConfig(version?: number): Promise<StoredConfig>;
  listConfigVersions(): Promise<readonly ConfigVersion[]>;
  /** Makes an old version the newest again. Throws `not_found`. */
  restoreConfig(version: number): Promise<ConfigVersion>;

  /** Dropped when `report.configVersion` is not the current one. */
  reportBackend(name: string, report: BackendReport): Promise<void>;
  /** Somebody's login at a backend has changed, or what they see there: views are looked at again. */
  noteLogins(): Promise<void>;

  /**
   * Small strongly consistent records beside KV: API keys for good, client registrations while KV
   * may still be stale. Keys with the prefix `key:` that changed in the last day are in every
   * snapshot, and so is what policy says of each `user:`.
   */
  getRecord(key: string): Promise<string | null>;
  putRecord(key: string, value: string, expires?: number): Promise<void>;
  /** Only while the record still reads `was`; false when it does not, and nothing is changed. */
  replaceRecord(key: string, was: string, value: string): Promise<boolean>;
  deleteRecord(key: string): Promise<void>;
  /** Sorted by key; at most 1,000. */
  listRecords(prefix: string): Promise<readonly Readonly<{ key: string; value: string }>[]>;

  /** Counts one attempt in a window; refused attempts count too, so hammering never helps. */
  countAttempt(attempt: Attempt): Promise<AttemptVerdict>;
}

/** The same as the object answers it: expected failures are values there. */
export type RegistryRpc = Omit<
  Registry,
  "snapshot" | "putConfig" | "readConfig" | "restoreConfig"
> & {
  snapshot(since: number): Promise<Outcome<SnapshotData | "unchanged">>;
  putConfig(put: ConfigPut): Promise<Outcome<ConfigVersion>>;
  readConfig(version?: number): Promise<Outcome<StoredConfig>>;
  restoreConfig(version: number): Promise<Outcome<ConfigVersion>>;
};

export type Attempt = Readonly<{ bucket: string; limit: number; windowMs: number }>;
export type AttemptVerdict = Readonly<{ allowed: boolean; retryAfter: number }>;

export type ConfigPut = Readonly<{
  /** The document as people write it: JSON with comments and trailing commas. */
  text: string;
  /** Only `file` (the local command) may name loopback and private targets. */
  source: "file" | "admin";
  /** Refused with `conflict` when the current version is another one. */
  expectedVersion?: number;
}>;

export type ConfigVersion = Readonly<{
  version: number;
  /** Epoch ms. */
  at: number;
  source: "file" | "admin" | "default";
  warnings: readonly string[];
}>;

export type StoredConfig = ConfigVersion & Readonly<{ document: unknown }>;

/** What an isolate knows of the registry; plain data, sent over RPC. */
export type SnapshotData = Readonly<{
  /** Grows with every change of anything below. */
  change: number;
  configVersion: number;
  /** Epoch ms at which this config came into force. */
  configAt: number;
  config: GatewayConfig;
  /** Origins of loopback and private targets the local config file names. */
  privateOrigins: readonly string[];
  reports: Readonly<Record<string, BackendReport>>;
  /** Records `key:*` changed in the last day; null is a tombstone. */
  recentKeys: Readonly<Record<string, string | null>>;
  /** By their ids, without those who are disabled: who is not here is nobody. */
  users: Readonly<Record<string, KnownUser>>;
}>;
