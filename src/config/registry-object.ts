import { DurableObject } from "cloudflare:workers";
import { GatewayError } from "../core/errors.ts";
import type { JsonObject } from "../core/json.ts";
import { capture, type Outcome } from "../core/outcome.ts";
import { afterTimeout } from "../core/patience.ts";
import { createSeal } from "../core/seal.ts";
import { Attempts } from "./attempts.ts";
import type { BackendOrder, BackendStarter } from "./backend-order.ts";
import type { BackendReport } from "./backend-report.ts";
import { parseConfig, parseDocumentText } from "./config-document.ts";
import { maskDocument, unmaskDocument } from "./config-mask.ts";
import { ConfigStore, type CurrentConfig } from "./config-store.ts";
import type { BackendConfig, GatewayConfig } from "./gateway-config.ts";
import { withoutLocalParts } from "./local-parts.ts";
import { groupWarnings } from "./policy-warnings.ts";
import { PendingWatches } from "../core/pending-watches.ts";
import { keysOfUser } from "./keys-of-user.ts";
import { namedOrigins, privateTargetProblem } from "./private-targets.ts";
import { RecordStore } from "./record-store.ts";
import type {
  Attempt,
  AttemptVerdict,
  ConfigPut,
  ConfigVersion,
  RegistryRpc,
  SnapshotData,
  StoredConfig,
} from "./registry.ts";
import { ReportStore } from "./report-store.ts";
import { type KnownUser, knownUsers, USER_PREFIX } from "./user-record.ts";

/** What this object needs of its Worker's environment. */
export type RegistryEnv = Readonly<{
  ENCRYPTION_KEY?: string;
  BACKENDS: { getByName: (name: string) => BackendStarter };
}>;

/** There is one registry; this is its name. */
export const REGISTRY_NAME = "registry";

const KEY_PREFIX = "key:";

type InForce = CurrentConfig & { readonly config: GatewayConfig };

/** The one strongly consistent truth; `Registry` says what each method promises. */
export class RegistryObject extends DurableObject<RegistryEnv> implements RegistryRpc {
  readonly #configs: ConfigStore;
  readonly #records: RecordStore;
  readonly #reports: ReportStore;
  readonly #attempts: Attempts;
  readonly #watches = new PendingWatches(afterTimeout);
  #inForce: Promise<InForce> | undefined;
  #change: number;
  #users: Readonly<Record<string, KnownUser>> | undefined;

  constructor(ctx: DurableObjectState, env: RegistryEnv) {
    super(ctx, env);
    const { sql } = ctx.storage;
    this.#configs = new ConfigStore(sql, createSeal(env.ENCRYPTION_KEY, "config"));
    this.#records = new RecordStore(sql, Date.now);
    this.#reports = new ReportStore(sql);
    this.#attempts = new Attempts(Date.now);
    sql.exec("CREATE TABLE IF NOT EXISTS change (id INTEGER PRIMARY KEY, number INTEGER NOT NULL)");
    this.#change =
      sql.exec<{ number: number }>("SELECT number FROM change").toArray()[0]?.number ?? 0;
  }

  snapshot(since: number): Promise<Outcome<SnapshotData | "unchanged">> {
    return capture(() => this.#snapshot(since));
  }

  async #snapshot(since: number): Promise<SnapshotData | "unchanged"> {
    const inForce = await this.#current();
    if (since === this.#change) return "unchanged";
    return {
      change: this.#change,
      configVersion: inForce.version.version,
      configAt: inForce.version.at,
      config: inForce.config,
      privateOrigins: inForce.privateOrigins,
      reports: this.#reports.all(),
      recentKeys: this.#records.recent(KEY_PREFIX),
      users: this.#knownUsers(),
    };
  }

  async watch(change: number): Promise<number> {
    if (change === this.#change) await this.#watches.wait();
    return this.#change;
  }

  putConfig(put: ConfigPut): Promise<Outcome<ConfigVersion>> {
    return capture(async () => {
      const before = await this.#current();
      const document = unmaskDocument(parseDocumentText(put.text), before.document);
      return this.#bringIntoForce(document, put, before);
    });
  }

  readConfig(version?: number): Promise<Outcome<StoredConfig>> {
    return capture(async () => {
      const stored = await (version === undefined ? this.#current() : this.#configs.read(version));
      return { ...stored.version, document: maskDocument(stored.document) };
    });
  }

  async listConfigVersions(): Promise<readonly ConfigVersion[]> {
    return this.#configs.versions();
  }

  restoreConfig(version: number): Promise<Outcome<ConfigVersion>> {
    return capture(async () => {
      const stored = await this.#configs.read(version);
      return this.#bringIntoForce(stored.document, { source: "admin" }, await this.#current());
    });
  }

  async reportBackend(name: string, report: BackendReport): Promise<void> {
    const { config, version } = await this.#current();
    if (report.configVersion !== version.version) return;
    if (!config.backends.some((backend) => backend.name === name)) return;
    if (this.#reports.put(name, report)) this.#bump();
  }

  async noteLogins(): Promise<void> {
    this.#bump();
  }

  async getRecord(key: string): Promise<string | null> {
    return this.#records.get(key);
  }

  async putRecord(key: string, value: string, expires?: number): Promise<void> {
    this.#records.put(key, value, expires);
    await this.#noteChange(key);
  }

  async replaceRecord(key: string, was: string, value: string): Promise<boolean> {
    if (this.#records.get(key) !== was) return false;
    this.#records.put(key, value);
    await this.#noteChange(key);
    return true;
  }

  async deleteRecord(key: string): Promise<void> {
    this.#records.put(key, null);
    await this.#noteChange(key);
    if (key.startsWith(KEY_PREFIX)) await this.#sendConnectorsAway([key.slice(KEY_PREFIX.length)]);
  }

  async listRecords(prefix: string): Promise<readonly { key: string; value: string }[]> {
    return this.#records.list(prefix);
  }

  async countAttempt(attempt: Attempt): Promise<AttemptVerdict> {
    return this.#attempts.count(attempt);
  }

  /** The config in force; on the first call of this instance it also sets the backends going. */
  #current(): Promise<InForce> {
    this.#inForce ??= this.#configs
      .current()
      .then((current) => {
        const inForce = { ...current, config: parseConfig(current.document).config };
        this.#start(
          inForce,
          inForce.config.backends.filter(
            // Whether a connector is still there, nobody may have been left to say.
            ({ name, transport }) =>
              transport.kind === "stdio" || this.#reports.get(name) === undefined,
          ),
        );
        return inForce;
      })
      .catch((error: unknown) => {
        this.#inForce = undefined;
        throw error;
      });
    return this.#inForce;
  }

  async #bringIntoForce(
    written: JsonObject,
    { source, expectedVersion }: { source: "file" | "admin"; expectedVersion?: number },
    before: InForce,
  ): Promise<ConfigVersion> {
    const { config, warnings } = parseConfig(written);
    const { document, started } = withoutLocalParts(written);
    const privateOrigins =
      source === "file"
        ? [...new Set([...before.privateOrigins, ...namedOrigins(config)])].toSorted()
        : before.privateOrigins;
    const problem = privateTargetProblem(config, privateOrigins);
    if (problem !== undefined) throw problem;
    const sealed = await this.#configs.seal(document);
    const now = await this.#current();
    const current = now.version.version;
    if (expectedVersion !== undefined && expectedVersion !== current) {
      throw new GatewayError(
        "conflict",
        `Cannot store the config: version ${current} is in force, the change was made to version ${expectedVersion}`,
      );
    }
    const version = this.#configs.append({
      sealed,
      at: Date.now(),
      source,
      warnings: [
        ...warnings,
        ...groupWarnings(config.policy, Object.values(this.#knownUsers())),
        // The local command starts them by itself.
        ...(source === "file" ? [] : started.map(needsConnector)),
      ],
      privateOrigins,
    });
    const inForce: InForce = { version, document, privateOrigins, config };
    this.#inForce = Promise.resolve(inForce);
    this.#handOver(now.config, inForce);
    this.#bump();
    return version;
  }

  /** Unchanged backends keep their report; changed ones start anew, removed ones are told to go. */
  #handOver(before: GatewayConfig, after: InForce): void {
    const known = new Map(before.backends.map((backend) => [backend.name, backend]));
    for (const backend of after.config.backends) {
      const report = this.#reports.get(backend.name);
      const unchanged = JSON.stringify(known.get(backend.name)) === JSON.stringify(backend);
      known.delete(backend.name);
      if (unchanged && report !== undefined) {
        this.#reports.put(backend.name, { ...report, configVersion: after.version.version });
      } else {
        this.#reports.delete(backend.name);
      }
    }
    for (const name of known.keys()) {
      this.#reports.delete(name);
      this.ctx.waitUntil(this.env.BACKENDS.getByName(name).remove());
    }
    this.#start(after, after.config.backends);
  }

  #start(inForce: InForce, backends: readonly BackendConfig[]): void {
    for (const config of backends) {
      const order: BackendOrder = {
        config,
        configVersion: inForce.version.version,
        privateOrigins: inForce.privateOrigins,
      };
      // A failure shows as a backend without report; the next call to it tries again.
      this.ctx.waitUntil(
        this.env.BACKENDS.getByName(config.name)
          .configure(order)
          .catch(() => {}),
      );
    }
  }

  /** A person who is disabled or gone is so with everything they had connected. */
  async #sendAwayOf(user: string): Promise<void> {
    if (Object.hasOwn(this.#knownUsers(), user)) return;
    const credentials = keysOfUser(this.#records.list(KEY_PREFIX), user);
    if (credentials.length > 0) await this.#sendConnectorsAway(credentials);
  }

  async #sendConnectorsAway(credentials: readonly string[]): Promise<void> {
    // A config that cannot be read brings nobody in, and keeps no key from being revoked.
    const inForce = await this.#current().catch(() => undefined);
    for (const { name, transport } of inForce?.config.backends ?? []) {
      if (transport.kind !== "stdio") continue;
      for (const credential of credentials) this.#sendAway(name, credential);
    }
  }

  #knownUsers(): Readonly<Record<string, KnownUser>> {
    return (this.#users ??= knownUsers(this.#records.list(USER_PREFIX)));
  }

  /** A connector sleeps with its socket open, and asks for nothing: it has to be told. */
  #sendAway(name: string, credential: string): void {
    const tell = (): Promise<void> => this.env.BACKENDS.getByName(name).revoked(credential);
    // An object that is just being moved refuses one call, and has lost its sockets with it.
    this.ctx.waitUntil(tell().catch(() => tell().catch(() => {})));
  }

  /** Of a record that every snapshot tells of. */
  async #noteChange(key: string): Promise<void> {
    const isUser = key.startsWith(USER_PREFIX);
    if (!isUser && !key.startsWith(KEY_PREFIX)) return;
    if (isUser) this.#users = undefined;
    this.#bump();
    if (isUser) await this.#sendAwayOf(key.slice(USER_PREFIX.length));
  }

  #bump(): void {
    this.#change += 1;
    this.ctx.storage.sql.exec("INSERT OR REPLACE INTO change VALUES (1, ?)", this.#change);
    this.#watches.wake();
  }
}

function needsConnector(name: string): string {
  return `mcpServers.${name}: reached through the connector; what starts it was not stored`;
}
