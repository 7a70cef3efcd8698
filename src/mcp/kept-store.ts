import * as z from "zod";

/** A result that nobody fetched is gone after this. */
export const KEPT_MS = 60 * 60 * 1_000;
/** Of one user, finished ones included: the oldest goes. */
const MAX_KEPT = 100;
/** A row may not exceed 2 MB; a UTF-16 unit is at most 3 bytes in SQLite. */
const CHUNK_CHARACTERS = 250_000;

const keptSchema = z.object({
  handle: z.string(),
  /** What was called, in the caller's words. */
  tool: z.string(),
  /** `working` in storage and nothing running: the object was restarted meanwhile. */
  status: z.enum(["working", "completed", "failed", "cancelled"]),
  /** Epoch ms. */
  createdAt: z.number(),
  updatedAt: z.number(),
});
export type KeptCall = Readonly<z.infer<typeof keptSchema>>;

/** Calls that went on without their client, and their answers, in the object's SQLite. */
export class KeptStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    sql.exec(
      "CREATE TABLE IF NOT EXISTS kept (handle TEXT PRIMARY KEY, value TEXT NOT NULL, createdAt INTEGER NOT NULL)",
    );
    sql.exec(
      "CREATE TABLE IF NOT EXISTS answers (handle TEXT NOT NULL, chunk INTEGER NOT NULL, part TEXT NOT NULL, PRIMARY KEY (handle, chunk))",
    );
  }

  put(call: KeptCall): void {
    this.#sql.exec(
      "INSERT OR REPLACE INTO kept VALUES (?, ?, ?)",
      call.handle,
      JSON.stringify(call),
      call.createdAt,
    );
    const beyond = this.#sql
      .exec<{ handle: string }>(
        "SELECT handle FROM kept ORDER BY createdAt DESC, rowid DESC LIMIT -1 OFFSET ?",
        MAX_KEPT,
      )
      .toArray();
    for (const { handle } of beyond) this.remove(handle);
  }

  find(handle: string, now: number): KeptCall | undefined {
    const [row] = this.#sql
      .exec<{ value: string }>(
        "SELECT value FROM kept WHERE handle = ? AND createdAt > ?",
        handle,
        now - KEPT_MS,
      )
      .toArray();
    const parsed = row === undefined ? undefined : keptSchema.safeParse(JSON.parse(row.value));
    return parsed?.data;
  }

  putAnswer(handle: string, text: string): void {
    for (let at = 0, chunk = 0; at < text.length; at += CHUNK_CHARACTERS, chunk += 1) {
      // A cut may fall inside a surrogate pair, which only JSON carries through UTF-8.
      const part = JSON.stringify(text.slice(at, at + CHUNK_CHARACTERS));
      this.#sql.exec("INSERT OR REPLACE INTO answers VALUES (?, ?, ?)", handle, chunk, part);
    }
  }

  answer(handle: string): string {
    return this.#sql
      .exec<{ part: string }>("SELECT part FROM answers WHERE handle = ? ORDER BY chunk", handle)
      .toArray()
      .map(({ part }) => String(JSON.parse(part)))
      .join("");
  }

  remove(handle: string): void {
    this.#sql.exec("DELETE FROM kept WHERE handle = ?", handle);
    this.#sql.exec("DELETE FROM answers WHERE handle = ?", handle);
  }

  /** Removes what is too old; true when anything is left. */
  sweep(now: number): boolean {
    const old = this.#sql
      .exec<{ handle: string }>("SELECT handle FROM kept WHERE createdAt <= ?", now - KEPT_MS)
      .toArray();
    for (const { handle } of old) this.remove(handle);
    return this.#sql.exec("SELECT 1 FROM kept LIMIT 1").toArray().length > 0;
  }
}
