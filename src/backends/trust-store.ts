import * as z from "zod";
import type { Listing } from "../catalog/listing.ts";
import { EMPTY_BOOK, type TrustBook } from "../catalog/trust-book.ts";
import { ChunkedText } from "./chunked-text.ts";

const stateSchema = z.object({
  /** Of the backend the book is about, as a digest: an address may hold a secret. */
  address: z.string(),
  /** What is served was made of this; where both are the same there is nothing to judge. */
  judged: z.object({ from: z.string(), served: z.string() }).optional(),
  /** How many tools wait for a verdict: a book is long. */
  waiting: z.number(),
});
export type TrustState = Readonly<z.infer<typeof stateSchema>>;

const ASKER_RESOLUTION_MS = 24 * 60 * 60 * 1_000;
/** Whoever has not asked for longest is told of a verdict when they list again. */
const MAX_ASKERS = 2_000;

/**
 * The pins in a backend's object: `trust` (whose they are), `trust_book`, `trust_raw` (what the
 * backend listed, where something else is served) and `trust_askers` (objects of people). They outlive an entry that is switched off and on
 * again: it would be a way to approve what nobody has seen.
 */
export class TrustStore {
  readonly #sql: SqlStorage;
  readonly #book: ChunkedText;
  readonly #raw: ChunkedText;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    sql.exec("CREATE TABLE IF NOT EXISTS trust (id INTEGER PRIMARY KEY, value TEXT NOT NULL)");
    sql.exec(
      "CREATE TABLE IF NOT EXISTS trust_askers (name TEXT PRIMARY KEY, at INTEGER NOT NULL)",
    );
    this.#book = new ChunkedText(sql, "trust_book");
    this.#raw = new ChunkedText(sql, "trust_raw");
  }

  state(): TrustState | undefined {
    const row = this.#sql.exec<{ value: string }>("SELECT value FROM trust").toArray()[0];
    if (row === undefined) return undefined;
    return stateSchema.safeParse(JSON.parse(row.value)).data;
  }

  keep(state: TrustState): void {
    this.#sql.exec("INSERT OR REPLACE INTO trust VALUES (1, ?)", JSON.stringify(state));
  }

  book(): TrustBook {
    const text = this.#book.read();
    // Written by `keepBook`.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    return text === undefined ? EMPTY_BOOK : (JSON.parse(text) as TrustBook);
  }

  keepBook(book: TrustBook): void {
    this.#book.write(JSON.stringify(book));
  }

  raw(): Listing | undefined {
    const text = this.#raw.read();
    // Written by `keepRaw`.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    return text === undefined ? undefined : (JSON.parse(text) as Listing);
  }

  keepRaw(listing: Listing | undefined): void {
    if (listing === undefined) this.#raw.clear();
    else this.#raw.write(JSON.stringify(listing));
  }

  /** Objects whose listings were judged here. */
  askers(): readonly string[] {
    const rows = this.#sql.exec<{ name: string }>("SELECT name FROM trust_askers").toArray();
    return rows.map(({ name }) => name);
  }

  /** Written once a day: it is asked with every listing. */
  noteAsker(name: string, now: number): void {
    const known = this.#sql.exec(
      "SELECT 1 FROM trust_askers WHERE name = ? AND at > ?",
      name,
      now - ASKER_RESOLUTION_MS,
    );
    if (known.toArray().length > 0) return;
    this.#sql.exec("INSERT OR REPLACE INTO trust_askers VALUES (?, ?)", name, now);
    this.#sql.exec(
      "DELETE FROM trust_askers WHERE name NOT IN (SELECT name FROM trust_askers ORDER BY at DESC LIMIT ?)",
      MAX_ASKERS,
    );
  }

  dropAsker(name: string): void {
    this.#sql.exec("DELETE FROM trust_askers WHERE name = ?", name);
  }

  clear(): void {
    this.#sql.exec("DELETE FROM trust");
    this.#book.clear();
    this.#raw.clear();
  }
}
