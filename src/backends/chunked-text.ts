/** A row may not exceed 2 MB; a UTF-16 unit is at most 3 bytes in SQLite. */
const CHUNK_CHARACTERS = 250_000;

/** One long text in a table of its own. */
export class ChunkedText {
  readonly #sql: SqlStorage;
  readonly #table: string;

  /** `table`: a word of ours, it is written into the statements. */
  constructor(sql: SqlStorage, table: string) {
    this.#sql = sql;
    this.#table = table;
    sql.exec(`CREATE TABLE IF NOT EXISTS ${table} (chunk INTEGER PRIMARY KEY, part TEXT NOT NULL)`);
  }

  write(text: string): void {
    this.clear();
    for (let at = 0, chunk = 0; at < text.length; at += CHUNK_CHARACTERS, chunk += 1) {
      // A cut may fall inside a surrogate pair, which only JSON carries through UTF-8.
      const part = text.slice(at, at + CHUNK_CHARACTERS);
      this.#sql.exec(`INSERT INTO ${this.#table} VALUES (?, ?)`, chunk, JSON.stringify(part));
    }
  }

  read(): string | undefined {
    const rows = this.#sql
      .exec<{ part: string }>(`SELECT part FROM ${this.#table} ORDER BY chunk`)
      .toArray();
    if (rows.length === 0) return undefined;
    // Written by `write`.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    return rows.map(({ part }) => JSON.parse(part) as string).join("");
  }

  clear(): void {
    this.#sql.exec(`DELETE FROM ${this.#table}`);
  }
}
