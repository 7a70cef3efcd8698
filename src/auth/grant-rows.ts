import type { KeyedTexts, ListedPage, ListQuestion, RowOptions } from "./oauth-kv.ts";

/** Kept in KV too, as a cold copy. Nothing reads a decision from there. */
const MIRRORED = /^(grant|token):/;
/** KV operations of one alarm, well under what an invocation may do. */
const MIRROR_BATCH = 100;
/** KV refuses lifetimes under a minute; what ends that soon needs no copy. */
const MIN_COLD_MS = 61_000;

type Row = {
  key: string;
  /** Null: removed here, not yet in the cold copy. */
  value: string | null;
  metadata: string | null;
  expires: number | null;
  dirty: number;
};

export type ColdCopy = Readonly<{
  put: (
    key: string,
    value: string,
    options: { expiration?: number; metadata?: unknown },
  ) => Promise<void>;
  delete: (key: string) => Promise<void>;
}>;

/** The rows of one grant object: text by key, gone when their time is over. */
export class GrantRows implements KeyedTexts {
  readonly #sql: SqlStorage;
  readonly #now: () => number;

  constructor(sql: SqlStorage, now: () => number) {
    this.#sql = sql;
    this.#now = now;
    sql.exec(
      `CREATE TABLE IF NOT EXISTS rows (
         key TEXT PRIMARY KEY, value TEXT, metadata TEXT, expires INTEGER, dirty INTEGER NOT NULL)`,
    );
    sql.exec("CREATE INDEX IF NOT EXISTS rows_expires ON rows (expires)");
    sql.exec("CREATE INDEX IF NOT EXISTS rows_dirty ON rows (key) WHERE dirty = 1");
  }

  async get(key: string): Promise<string | null> {
    const row = this.#sql.exec<Row>("SELECT * FROM rows WHERE key = ?", key).toArray()[0];
    if (row === undefined || (row.expires !== null && row.expires <= this.#now())) return null;
    return row.value;
  }

  async put(key: string, value: string, { expires, metadata }: RowOptions): Promise<void> {
    this.#sql.exec(
      "INSERT OR REPLACE INTO rows VALUES (?, ?, ?, ?, ?)",
      key,
      value,
      metadata ?? null,
      expires ?? null,
      MIRRORED.test(key) ? 1 : 0,
    );
  }

  async remove(key: string): Promise<void> {
    if (MIRRORED.test(key)) {
      this.#sql.exec("UPDATE rows SET value = NULL, dirty = 1 WHERE key = ?", key);
    } else {
      this.#sql.exec("DELETE FROM rows WHERE key = ?", key);
    }
  }

  async list({ prefix, limit, cursor }: ListQuestion): Promise<ListedPage> {
    const found = this.#sql
      .exec<Row>(
        `SELECT * FROM rows WHERE key > ? AND key >= ? AND key < ? AND value IS NOT NULL
           AND (expires IS NULL OR expires > ?) ORDER BY key LIMIT ?`,
        cursor ?? "",
        prefix,
        `${prefix}\uffff`,
        this.#now(),
        limit + 1,
      )
      .toArray();
    const keys = found.slice(0, limit).map(({ key, metadata }) => ({
      name: key,
      ...(metadata === null ? {} : { metadata: JSON.parse(metadata) as unknown }),
    }));
    const last = keys.at(-1);
    return found.length > limit && last !== undefined
      ? { keys, list_complete: false, cursor: last.name }
      : { keys, list_complete: true };
  }

  /** Drops what a prefix names at once; for rows that have no cold copy. */
  removeAll(prefix: string): void {
    this.#sql.exec("DELETE FROM rows WHERE key >= ? AND key < ?", prefix, `${prefix}\uffff`);
  }

  /** Drops everything at once, and from the cold copy with the next alarms. */
  clear(): void {
    this.#sql.exec("DELETE FROM rows WHERE key NOT GLOB 'grant:*' AND key NOT GLOB 'token:*'");
    this.#sql.exec("UPDATE rows SET value = NULL, metadata = NULL, dirty = 1");
  }

  /** Keeps only so many rows of a prefix: those that live longest. */
  trim(prefix: string, keep: number): void {
    this.#sql.exec(
      `DELETE FROM rows WHERE key IN (
         SELECT key FROM rows WHERE key >= ? AND key < ? ORDER BY expires DESC LIMIT -1 OFFSET ?)`,
      prefix,
      `${prefix}\uffff`,
      keep,
    );
  }

  sweep(): void {
    this.#sql.exec("DELETE FROM rows WHERE expires IS NOT NULL AND expires <= ?", this.#now());
  }

  /**
   * Brings the cold copy up to date. Collected by an alarm rather than written along: KV takes one
   * write per second and key, and an exchange follows its consent faster than that.
   */
  async mirror(copy: ColdCopy): Promise<void> {
    const rows = this.#sql
      .exec<Row>("SELECT * FROM rows WHERE dirty = 1 LIMIT ?", MIRROR_BATCH)
      .toArray();
    for (const row of rows) {
      const left = (row.expires ?? Infinity) - this.#now();
      if (row.value === null) await copy.delete(row.key);
      else if (left > MIN_COLD_MS) await copy.put(row.key, row.value, coldOptions(row));
      // Only as it was read: it may have changed again during the write.
      this.#sql.exec(
        row.value === null
          ? "DELETE FROM rows WHERE key = ? AND value IS ?"
          : "UPDATE rows SET dirty = 0 WHERE key = ? AND value IS ?",
        row.key,
        row.value,
      );
    }
  }

  /** When the next alarm has work: soon for the cold copy, else at the next end of life. */
  nextWork(mirrorDelay: number): number | undefined {
    const dirty = this.#sql.exec("SELECT 1 FROM rows WHERE dirty = 1 LIMIT 1").toArray();
    if (dirty.length > 0) return this.#now() + mirrorDelay;
    const next = this.#sql
      .exec<{ at: number | null }>("SELECT MIN(expires) AS at FROM rows")
      .toArray()[0]?.at;
    return next ?? undefined;
  }
}

function coldOptions({ expires, metadata }: Row): { expiration?: number; metadata?: unknown } {
  return {
    ...(expires === null ? {} : { expiration: Math.ceil(expires / 1_000) }),
    ...(metadata === null ? {} : { metadata: JSON.parse(metadata) as unknown }),
  };
}
