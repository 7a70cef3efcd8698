/** Changed keys stay in every snapshot this long: well past the worst staleness of KV. */
const RECENT_MS = 24 * 60 * 60 * 1_000;
const MAX_LISTED = 1_000;
/** What a snapshot carries at most; older changes are in KV by then. */
const MAX_RECENT = 2_000;

type Row = { key: string; value: string | null; expires: number | null; changed: number };

/**
 * Small strongly consistent records in the registry's SQLite: API keys for good, client
 * registrations while KV may still be stale. A deleted record stays as a tombstone for a day.
 */
export class RecordStore {
  readonly #sql: SqlStorage;
  readonly #now: () => number;

  constructor(sql: SqlStorage, now: () => number) {
    this.#sql = sql;
    this.#now = now;
    sql.exec(
      `CREATE TABLE IF NOT EXISTS records (
         key TEXT PRIMARY KEY, value TEXT, expires INTEGER, changed INTEGER NOT NULL)`,
    );
    sql.exec("CREATE INDEX IF NOT EXISTS records_changed ON records (changed)");
  }

  get(key: string): string | null {
    const row = this.#sql.exec<Row>("SELECT * FROM records WHERE key = ?", key).toArray()[0];
    if (row === undefined || (row.expires !== null && row.expires <= this.#now())) return null;
    return row.value;
  }

  put(key: string, value: string | null, expires?: number): void {
    const now = this.#now();
    this.#sql.exec(
      "INSERT OR REPLACE INTO records VALUES (?, ?, ?, ?)",
      key,
      value,
      expires ?? (value === null ? now + RECENT_MS : null),
      now,
    );
    this.#sql.exec("DELETE FROM records WHERE expires IS NOT NULL AND expires <= ?", now);
  }

  list(prefix: string): readonly { key: string; value: string }[] {
    return this.#sql
      .exec<Row>(
        "SELECT * FROM records WHERE key >= ? AND key < ? AND value IS NOT NULL ORDER BY key LIMIT ?",
        prefix,
        `${prefix}\uffff`,
        MAX_LISTED,
      )
      .toArray()
      .flatMap(({ key, value, expires }) =>
        value === null || (expires !== null && expires <= this.#now()) ? [] : [{ key, value }],
      );
  }

  /** What changed in the last day; null is a tombstone. */
  recent(prefix: string): Readonly<Record<string, string | null>> {
    const rows = this.#sql
      .exec<Row>(
        "SELECT * FROM records WHERE changed > ? AND key >= ? AND key < ? ORDER BY changed DESC LIMIT ?",
        this.#now() - RECENT_MS,
        prefix,
        `${prefix}\uffff`,
        MAX_RECENT,
      )
      .toArray();
    return Object.fromEntries(rows.map(({ key, value }) => [key, value]));
  }
}
