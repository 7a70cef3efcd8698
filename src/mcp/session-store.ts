import * as z from "zod";
import { LIST_MODES } from "../auth/caller.ts";
import { jsonObject } from "../backends/connection.ts";
import type { Scope } from "../gateway/gateway.ts";

/** A session nobody has used for so long is over; its client begins a new one. */
export const SESSION_IDLE_MS = 7 * 24 * 60 * 60 * 1_000;
/** Clients rarely end their sessions: beyond this the one that was idle longest goes. */
export const MAX_SESSIONS = 500;
/** `usedAt` is written this often at most: a write per message would cost a disk sync each. */
const USED_RESOLUTION_MS = 60 * 60 * 1_000;

const sessionSchema = z.object({
  id: z.string(),
  /** The credential that opened it: another one of the same user does not know the session. */
  credentialId: z.string(),
  /** The backend of `/mcp/{backend}`, or null for `/mcp`. */
  backend: z.string().nullable(),
  protocolVersion: z.string(),
  /** What a backend may know of them. */
  capabilities: jsonObject,
  interactive: z.boolean(),
  /** Names the client's own connections to backends; says nothing about the id. */
  connection: z.string(),
  /** The objects of backends that have a session for this client alone. */
  objects: z.array(z.string()).default([]),
  logLevel: z.string().optional(),
  /** Whether its client lists tools or searches for them, from its beginning to its end. */
  mode: z.enum(LIST_MODES).optional(),
  /** Subscribed with `resources/subscribe`. */
  uris: z.array(z.string()),
});
export type Session = Readonly<z.infer<typeof sessionSchema>>;

/** Sessions in the object's SQLite: they outlive its eviction and every deployment. */
export class SessionStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    sql.exec(
      "CREATE TABLE IF NOT EXISTS sessions (id TEXT PRIMARY KEY, value TEXT NOT NULL, usedAt INTEGER NOT NULL)",
    );
    sql.exec("CREATE INDEX IF NOT EXISTS sessions_by_use ON sessions (usedAt)");
  }

  /** The sessions that had to make room for this one. */
  add(session: Session, now: number): readonly Session[] {
    this.#sql.exec(
      "INSERT OR REPLACE INTO sessions VALUES (?, ?, ?)",
      session.id,
      JSON.stringify(session),
      now,
    );
    const beyond = this.#read("ORDER BY usedAt DESC, rowid DESC LIMIT -1 OFFSET ?", MAX_SESSIONS);
    for (const { id } of beyond) this.remove(id);
    return beyond;
  }

  find(id: string, now: number): Session | undefined {
    const row = this.#sql
      .exec<{ value: string; usedAt: number }>(
        "SELECT value, usedAt FROM sessions WHERE id = ?",
        id,
      )
      .toArray()[0];
    if (row === undefined || now - row.usedAt >= SESSION_IDLE_MS) return undefined;
    if (now - row.usedAt >= USED_RESOLUTION_MS) {
      this.#sql.exec("UPDATE sessions SET usedAt = ? WHERE id = ?", now, id);
    }
    return parse(row.value);
  }

  update(session: Session): void {
    this.#sql.exec(
      "UPDATE sessions SET value = ? WHERE id = ?",
      JSON.stringify(session),
      session.id,
    );
  }

  remove(id: string): void {
    this.#sql.exec("DELETE FROM sessions WHERE id = ?", id);
  }

  /** Removes what has been idle for too long. */
  sweep(now: number): readonly Session[] {
    const over = this.#read("WHERE usedAt <= ?", now - SESSION_IDLE_MS);
    for (const { id } of over) this.remove(id);
    return over;
  }

  isEmpty(): boolean {
    return this.#sql.exec("SELECT 1 FROM sessions LIMIT 1").toArray().length === 0;
  }

  #read(rest: string, bound: number): readonly Session[] {
    return this.#sql
      .exec<{ value: string }>(`SELECT value FROM sessions ${rest}`, bound)
      .toArray()
      .flatMap(({ value }) => parse(value) ?? []);
  }
}

export function backendOf(scope: Scope): string | null {
  return scope.kind === "one" ? scope.backend : null;
}

/** Undefined for what another version of this Worker wrote: the client begins anew. */
function parse(value: string): Session | undefined {
  const parsed = sessionSchema.safeParse(JSON.parse(value));
  return parsed.success ? parsed.data : undefined;
}
