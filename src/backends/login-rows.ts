import * as z from "zod";
import type { Seal } from "../core/seal.ts";
import { oauthClient, type OAuthClient } from "./authorization-client.ts";
import { authorization } from "./find-authorization.ts";

/** What is known of a login in clear. */
const loginRow = z.object({
  backend: z.string(),
  account: z.string(),
  kind: z.enum(["oauth", "key"]),
  state: z.enum(["ready", "ended"]),
  /** Epoch ms. */
  since: z.number(),
  issuer: z.string().optional(),
  scope: z.string().optional(),
  /** Asked for with the next login, because a call was refused for lack of it. */
  wantedScope: z.string().optional(),
  problem: z.string().optional(),
  /** Grows with every new token: an answer to an older one is not believed. */
  version: z.number(),
  renewedAt: z.number(),
  expires: z.number().optional(),
  renewable: z.boolean(),
  /** Last asked for, to within a few minutes. */
  usedAt: z.number(),
  isDefault: z.boolean(),
  /** Where it is good: a backend of the same name at another place is another backend. */
  origin: z.string(),
  report: z
    .object({
      at: z.number(),
      configVersion: z.number(),
      state: z.enum(["connecting", "ready", "down", "offline"]),
      listingHash: z.string().optional(),
      era: z.enum(["modern", "legacy"]).optional(),
      sessionful: z.boolean(),
    })
    .optional(),
});
export type LoginRow = Readonly<z.infer<typeof loginRow>>;

const loginSite = z.object({ url: z.string(), privateOrigins: z.array(z.string()).readonly() });

const loginSecrets = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("key"), key: z.string() }),
  z.object({
    kind: z.literal("oauth"),
    access: z.string(),
    refresh: z.string().optional(),
    server: authorization,
    client: oauthClient,
    site: loginSite,
  }),
]);
export type LoginSecrets = Readonly<z.infer<typeof loginSecrets>>;
export type OAuthSecrets = Extract<LoginSecrets, { kind: "oauth" }>;

const pendingLogin = z.object({
  backend: z.string(),
  account: z.string(),
  visitor: z.string(),
  next: z.string(),
  verifier: z.string(),
  redirectUri: z.string(),
  server: authorization,
  client: oauthClient,
  site: loginSite,
});
export type PendingLogin = Readonly<z.infer<typeof pendingLogin>>;

/** Logins begun at once by one user; the oldest make room. */
const MAX_PENDING = 20;
/** Objects of backends with one user's credentials; the oldest have long asked again. */
const MAX_HOLDERS = 500;
const HOLDER_MS = 24 * 60 * 60 * 1_000;

/** The tables of an object of logins: what is secret is sealed, row by row. */
export class LoginRows {
  readonly #sql: SqlStorage;
  readonly #seal: Seal;

  constructor(sql: SqlStorage, seal: Seal) {
    this.#sql = sql;
    this.#seal = seal;
    for (const table of [
      "logins (backend TEXT, account TEXT, value TEXT NOT NULL, sealed TEXT NOT NULL, PRIMARY KEY (backend, account))",
      "pending (hash TEXT PRIMARY KEY, expires INTEGER NOT NULL, sealed TEXT NOT NULL)",
      "clients (id TEXT PRIMARY KEY, sealed TEXT NOT NULL)",
      "holders (object TEXT PRIMARY KEY, backend TEXT NOT NULL, account TEXT NOT NULL, at INTEGER NOT NULL)",
      "notes (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
    ]) {
      sql.exec(`CREATE TABLE IF NOT EXISTS ${table}`);
    }
  }

  all(): readonly LoginRow[] {
    return this.#sql
      .exec<{ value: string }>("SELECT value FROM logins ORDER BY backend, account")
      .toArray()
      .flatMap(({ value }) => loginRow.safeParse(JSON.parse(value)).data ?? []);
  }

  of(backend: string): readonly LoginRow[] {
    return this.all().filter((row) => row.backend === backend);
  }

  find(backend: string, account: string): LoginRow | undefined {
    return this.of(backend).find((row) => row.account === account);
  }

  /** Undefined where there is none, or the key is not the one it was sealed with. */
  async secrets({ backend, account }: LoginRow): Promise<LoginSecrets | undefined> {
    const row = this.#sql
      .exec<{ sealed: string }>(
        "SELECT sealed FROM logins WHERE backend = ? AND account = ?",
        backend,
        account,
      )
      .toArray()[0];
    return row === undefined ? undefined : this.#open(row.sealed, loginSecrets);
  }

  async put(row: LoginRow, secrets: LoginSecrets): Promise<void> {
    const sealed = await this.#seal.seal(JSON.stringify(secrets));
    this.#sql.exec(
      "INSERT OR REPLACE INTO logins VALUES (?, ?, ?, ?)",
      row.backend,
      row.account,
      JSON.stringify(row),
      sealed,
    );
  }

  /** What is known of it changes, its secrets do not. */
  note(row: LoginRow): void {
    this.#sql.exec(
      "UPDATE logins SET value = ? WHERE backend = ? AND account = ?",
      JSON.stringify(row),
      row.backend,
      row.account,
    );
  }

  remove(backend: string, account: string): void {
    this.#sql.exec("DELETE FROM logins WHERE backend = ? AND account = ?", backend, account);
  }

  async putPending(hash: string, expires: number, pending: PendingLogin): Promise<void> {
    const sealed = await this.#seal.seal(JSON.stringify(pending));
    this.#sql.exec("DELETE FROM pending WHERE expires <= ?", Date.now());
    this.#sql.exec(
      "DELETE FROM pending WHERE hash NOT IN (SELECT hash FROM pending ORDER BY expires DESC LIMIT ?)",
      MAX_PENDING - 1,
    );
    this.#sql.exec("INSERT INTO pending VALUES (?, ?, ?)", hash, expires, sealed);
  }

  /** Once: whatever comes of it, it is not there a second time. */
  async takePending(hash: string, now: number): Promise<PendingLogin | undefined> {
    const row = this.#sql
      .exec<{ expires: number; sealed: string }>(
        "DELETE FROM pending WHERE hash = ? RETURNING expires, sealed",
        hash,
      )
      .toArray()[0];
    if (row === undefined || row.expires <= now) return undefined;
    return this.#open(row.sealed, pendingLogin);
  }

  async client(id: string, now: number): Promise<OAuthClient | undefined> {
    const row = this.#sql
      .exec<{ sealed: string }>("SELECT sealed FROM clients WHERE id = ?", id)
      .toArray()[0];
    const client = row === undefined ? undefined : await this.#open(row.sealed, oauthClient);
    return client?.expires !== undefined && client.expires <= now ? undefined : client;
  }

  async putClient(id: string, client: OAuthClient): Promise<void> {
    const sealed = await this.#seal.seal(JSON.stringify(client));
    this.#sql.exec("INSERT OR REPLACE INTO clients VALUES (?, ?)", id, sealed);
  }

  removeClient(id: string): void {
    this.#sql.exec("DELETE FROM clients WHERE id = ?", id);
  }

  /** An object of a backend has asked for a login, and is told when it changes. */
  hold(holder: Readonly<{ object: string; backend: string; account: string }>, now: number): void {
    const { object, backend, account } = holder;
    const held = this.#sql
      .exec<{ at: number }>("SELECT at FROM holders WHERE object = ?", object)
      .toArray()[0];
    if (held !== undefined && now - held.at < HOLDER_MS / 24) return;
    this.#sql.exec(
      "INSERT OR REPLACE INTO holders VALUES (?, ?, ?, ?)",
      object,
      backend,
      account,
      now,
    );
    this.#sql.exec("DELETE FROM holders WHERE at < ?", now - HOLDER_MS);
    this.#sql.exec(
      "DELETE FROM holders WHERE object NOT IN (SELECT object FROM holders ORDER BY at DESC LIMIT ?)",
      MAX_HOLDERS,
    );
  }

  holders(backend: string, account: string): readonly string[] {
    return this.#sql
      .exec<{ object: string }>(
        "SELECT object FROM holders WHERE backend = ? AND account = ?",
        backend,
        account,
      )
      .toArray()
      .map(({ object }) => object);
  }

  readNote(name: string): string | undefined {
    return this.#sql
      .exec<{ value: string }>("SELECT value FROM notes WHERE name = ?", name)
      .toArray()[0]?.value;
  }

  writeNote(name: string, value: string): void {
    this.#sql.exec("INSERT OR REPLACE INTO notes VALUES (?, ?)", name, value);
  }

  clear(): void {
    for (const table of ["logins", "pending", "clients", "holders", "notes"]) {
      this.#sql.exec(`DELETE FROM ${table}`);
    }
  }

  async #open<Value>(sealed: string, schema: z.ZodType<Value>): Promise<Value | undefined> {
    try {
      return schema.safeParse(JSON.parse(await this.#seal.open(sealed))).data;
    } catch {
      return undefined; // the login is made anew
    }
  }
}
