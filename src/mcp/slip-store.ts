import type { Slip } from "../core/slips.ts";

/** Of one user: beyond it the oldest goes. Each stands for a chat that waits for its person. */
export const MAX_SLIPS = 200;

/** Slips in the object's SQLite: a chat goes on after the object was evicted. */
export class SlipStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    sql.exec(
      "CREATE TABLE IF NOT EXISTS slips (name TEXT PRIMARY KEY, text TEXT NOT NULL, endsAt INTEGER NOT NULL)",
    );
  }

  put({ name, text, lifeMs }: Slip, now: number): void {
    // Text in SQLite is UTF-8, and only JSON carries half a surrogate pair through it.
    const value = JSON.stringify(text);
    this.#sql.exec("INSERT OR REPLACE INTO slips VALUES (?, ?, ?)", name, value, now + lifeMs);
    this.#sql.exec(
      "DELETE FROM slips WHERE rowid IN (SELECT rowid FROM slips ORDER BY rowid DESC LIMIT -1 OFFSET ?)",
      MAX_SLIPS,
    );
  }

  /** Gone before it is given: whoever asks at the same time finds nothing. */
  take(name: string, now: number): string | undefined {
    return textOf(
      this.#sql.exec<Row>("DELETE FROM slips WHERE name = ? RETURNING text, endsAt", name),
      now,
    );
  }

  read(name: string, now: number): string | undefined {
    return textOf(this.#sql.exec<Row>("SELECT text, endsAt FROM slips WHERE name = ?", name), now);
  }

  /** Removes what is over; true when anything is left. */
  sweep(now: number): boolean {
    this.#sql.exec("DELETE FROM slips WHERE endsAt <= ?", now);
    return this.#sql.exec("SELECT 1 FROM slips LIMIT 1").toArray().length > 0;
  }
}

type Row = { text: string; endsAt: number };

function textOf(rows: SqlStorageCursor<Row>, now: number): string | undefined {
  const [row] = rows.toArray();
  return row === undefined || row.endsAt <= now ? undefined : String(JSON.parse(row.text));
}
