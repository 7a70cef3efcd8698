import { findSlips } from "./word-slips.ts";
import type {
  SearchAnswer,
  SearchAsk,
  SearchHit,
  SearchSource,
  SearchSupply,
} from "./search-stub.ts";
import { askedWords, containable, likeMeaning, plainName, wordsOf } from "./tool-words.ts";

/** Of name, title, backend, description and parameters. */
const WEIGHTS = "12.0, 6.0, 5.0, 1.5, 0.7";
/** Above every sum of words. */
const EXACT_NAME = 1_000;
/** Another word for the same, and one that is spelt nearly alike. */
const SAME_MEANING = 0.45;
const SLIP = 0.5;
/** A word that goes on after what was asked for; shorter beginnings are the beginning of anything. */
const MIN_PREFIX = 3;
/** Of one word; a word that more tools have says nothing about any. */
const MAX_MATCHES = 2_000;
/**
 * Scoring a tool for a word takes a microsecond, and a question of words that every tool has would
 * hold up everybody else's. The rarest words come first, and the rest adds little.
 */
const MAX_SCORED = 10_000;
/**
 * Words nobody's tools have cost most: each is compared with the words of the index, and looked for
 * in the middle of words, which reads every text. A question has one or two of them.
 */
const MAX_SLIPS = 4;
const MAX_CONTAINED = 3;
const MAX_READ = 10_000;

/** A listing of a million tools does not exist: its rows are numbered within its own million. */
const SPAN = 1_000_000;
const MAX_SOURCES = 1_000;
/** Beyond this the sources go that were searched longest ago; about 1 KB each. */
const MAX_DOCUMENTS = 100_000;
/** A listing that nobody searched for so long has gone or changed. */
const UNUSED_MS = 7 * 24 * 60 * 60 * 1_000;
/** `usedAt` is written this often at most: a write per search would cost a disk sync each. */
const USED_RESOLUTION_MS = 60 * 60 * 1_000;

type SourceRow = { id: number; whole: number; usedAt: number };

/**
 * Tools in SQLite's FTS5, by the listings they are from. A question is asked word by word: how well
 * each is met is FTS5's to say (bm25), and a tool that meets more of the words comes first.
 */
export class SearchIndex {
  readonly #sql: SqlStorage;
  readonly #now: () => number;

  constructor(sql: SqlStorage, now: () => number) {
    this.#sql = sql;
    this.#now = now;
    for (const statement of SCHEMA) sql.exec(statement);
  }

  search({ query, sources, offset, limit }: SearchAsk): SearchAnswer {
    const rows = sources.slice(0, MAX_SOURCES).map((source) => this.#find(source));
    const missing = rows.flatMap((row, place) => (row?.whole === 1 ? [] : [place]));
    if (missing.length > 0) return { kind: "missing", sources: missing };
    const places = new Map(
      rows.flatMap((row, place) => (row === undefined ? [] : [[row.id, place]])),
    );
    if (places.size === 0) return { kind: "found", hits: [], total: 0 };
    const scores = this.#score(query, [...places.keys()]);
    const ranked = [...scores].toSorted(([a, left], [b, right]) => right - left || a - b);
    const hits = this.#named(ranked.slice(offset, offset + limit), places);
    return { kind: "found", hits, total: ranked.length };
  }

  /** Takes a part more than once: two isolates may find the same source missing. */
  supply({ source, from, count, documents }: SearchSupply): void {
    const now = this.#now();
    const known = this.#find(source);
    if (known?.whole === 1) return;
    if (from === 0 && known === undefined) this.#makeRoom(now, count);
    const id = known?.id ?? this.#open(source, now);
    for (const [at, document] of documents.entries()) this.#add(id, from + at, source, document);
    const first = id * SPAN;
    const [held] = this.#sql
      .exec<{ held: number }>(
        "SELECT COUNT(*) AS held FROM tools WHERE id >= ? AND id < ?",
        first,
        first + SPAN,
      )
      .toArray();
    if (held?.held === count) this.#sql.exec("UPDATE sources SET whole = 1 WHERE id = ?", id);
  }

  #find({ backend, hash }: SearchSource): SourceRow | undefined {
    const [row] = this.#sql
      .exec<SourceRow>(
        "SELECT id, whole, usedAt FROM sources WHERE backend = ? AND hash = ?",
        backend,
        hash,
      )
      .toArray();
    const now = this.#now();
    if (row !== undefined && now - row.usedAt >= USED_RESOLUTION_MS) {
      this.#sql.exec("UPDATE sources SET usedAt = ? WHERE id = ?", now, row.id);
    }
    return row;
  }

  #open({ backend, hash }: SearchSource, now: number): number {
    const [row] = this.#sql
      .exec<{ id: number }>(
        "INSERT INTO sources (backend, hash, whole, usedAt) VALUES (?, ?, 0, ?) RETURNING id",
        backend,
        hash,
        now,
      )
      .toArray();
    if (row === undefined) throw new TypeError("an inserted row came back without its id");
    return row.id;
  }

  #add(
    source: number,
    place: number,
    { backend }: SearchSource,
    { name, title, description, parameters }: SearchSupply["documents"][number],
  ): void {
    const id = source * SPAN + place;
    const described = spaced(description);
    const spelling = plainName(name);
    const { rowsWritten } = this.#sql.exec(
      "INSERT OR IGNORE INTO tools (id, name, spelling, longSpelling, text) VALUES (?, ?, ?, ?, ?)",
      id,
      name,
      spelling,
      plainName(backend) + spelling,
      `${spaced(name)} ${described}`,
    );
    if (rowsWritten === 0) return;
    this.#sql.exec(
      "INSERT INTO texts (rowid, name, title, backend, description, parameters) VALUES (?, ?, ?, ?, ?, ?)",
      id,
      spaced(name),
      spaced(title),
      spaced(backend),
      described,
      spaced(parameters),
    );
  }

  #makeRoom(now: number, wanted: number): void {
    const sources = this.#sql
      .exec<{ id: number; usedAt: number }>("SELECT id, usedAt FROM sources ORDER BY usedAt")
      .toArray();
    const [count] = this.#sql
      .exec<{ held: number }>("SELECT COUNT(*) AS held FROM tools")
      .toArray();
    let held = count?.held ?? 0;
    for (const { id, usedAt } of sources) {
      const isFull = held + wanted > MAX_DOCUMENTS;
      if (!isFull && now - usedAt < UNUSED_MS) return;
      held -= this.#remove(id);
    }
  }

  #remove(id: number): number {
    const within = [id * SPAN, (id + 1) * SPAN] as const;
    this.#sql.exec("DELETE FROM texts WHERE rowid >= ? AND rowid < ?", ...within);
    const { rowsWritten } = this.#sql.exec("DELETE FROM tools WHERE id >= ? AND id < ?", ...within);
    this.#sql.exec("DELETE FROM sources WHERE id = ?", id);
    return rowsWritten;
  }

  #score(query: string, sources: readonly number[]): ReadonlyMap<number, number> {
    const asked = askedWords(query);
    const telling = this.#telling(asked);
    let slips = 0;
    const sums = new Map<number, { score: number; matched: number }>();
    for (const word of telling) {
      let found = this.#matchWord(word, sources);
      if (found.size === 0 && slips < MAX_SLIPS) {
        slips += 1;
        found = this.#matchSlips(word, sources);
      }
      for (const [id, score] of found) {
        const sum = sums.get(id) ?? { score: 0, matched: 0 };
        sums.set(id, { score: sum.score + score, matched: sum.matched + 1 });
      }
    }
    const scores = new Map(
      [...sums].map(([id, { score, matched }]) => [id, (score * matched) / telling.length]),
    );
    if (scores.size === 0) this.#addContaining(scores, asked, sources);
    for (const id of this.#exactNames(plainName(query), sources)) {
      scores.set(id, (scores.get(id) ?? 0) + EXACT_NAME);
    }
    return scores;
  }

  /** The words worth scoring, the rarest first: at least one. */
  #telling(asked: readonly string[]): readonly string[] {
    let scored = 0;
    return asked
      .map((word) => ({ word, count: this.#count(word) }))
      .toSorted((a, b) => a.count - b.count)
      .filter(({ count }, place) => {
        scored += count;
        return place === 0 || scored <= MAX_SCORED;
      })
      .map(({ word }) => word);
  }

  /** How many tools have the word or one for the same, of all listings here; exact up to the bound. */
  #count(word: string): number {
    const others = likeMeaning(word);
    const [row] = this.#sql
      .exec<{ count: number }>(
        `SELECT COUNT(*) AS count FROM (SELECT 1 FROM texts WHERE texts MATCH ? LIMIT ${MAX_SCORED})`,
        others.length === 0 ? beginning(word) : `${beginning(word)} OR ${anyOf(others)}`,
      )
      .toArray();
    return row?.count ?? 0;
  }

  /** The tools that have the word, or one for the same. */
  #matchWord(word: string, sources: readonly number[]): ReadonlyMap<number, number> {
    const found = new Map(this.#match(beginning(word), sources));
    const others = likeMeaning(word);
    if (others.length > 0) {
      for (const [id, score] of this.#match(anyOf(others), sources)) {
        found.set(id, Math.max(found.get(id) ?? 0, score * SAME_MEANING));
      }
    }
    return found;
  }

  /** Those with a word that is spelt nearly alike. */
  #matchSlips(word: string, sources: readonly number[]): ReadonlyMap<number, number> {
    const meant = findSlips(this.#sql, word);
    if (meant.length === 0) return new Map();
    return new Map(this.#match(anyOf(meant), sources).map(([id, score]) => [id, score * SLIP]));
  }

  /** `expression` is made of quoted words only: no text of a caller is ever FTS5's own syntax. */
  #match(expression: string, sources: readonly number[]): readonly (readonly [number, number])[] {
    const rows = this.#sql.exec<{ id: number; score: number }>(
      `SELECT rowid AS id, bm25(texts, ${WEIGHTS}) AS score FROM texts
       WHERE texts MATCH ? AND rowid / ${SPAN} IN (${sources.join(",")})
       ORDER BY score LIMIT ${MAX_MATCHES}`,
      expression,
    );
    // bm25 gives the best the lowest number, below nothing.
    return [...rows].map(({ id, score }) => [id, -score] as const);
  }

  #exactNames(spelling: string, sources: readonly number[]): readonly number[] {
    if (spelling === "") return [];
    const known = new Set(sources);
    return [
      ...this.#sql.exec<{ id: number }>(
        "SELECT id FROM tools WHERE spelling = ? UNION SELECT id FROM tools WHERE longSpelling = ?",
        spelling,
        spelling,
      ),
    ]
      .map(({ id }) => id)
      .filter((id) => known.has(Math.floor(id / SPAN)));
  }

  #addContaining(
    scores: Map<number, number>,
    asked: readonly string[],
    sources: readonly number[],
  ): void {
    const words = containable(asked)
      .toSorted((left, right) => right.length - left.length)
      .slice(0, MAX_CONTAINED);
    if (words.length === 0) return;
    const rows = this.#sql.exec<{ id: number; count: number }>(
      `SELECT id, ${words.map(() => "(instr(text, ?) > 0)").join(" + ")} AS count
       FROM (SELECT id, text FROM tools WHERE id / ${SPAN} IN (${sources.join(",")}) LIMIT ${MAX_READ})
       WHERE count > 0 LIMIT ${MAX_MATCHES}`,
      ...words,
    );
    for (const { id, count } of rows) scores.set(id, count);
  }

  #named(
    ranked: readonly (readonly [number, number])[],
    places: ReadonlyMap<number, number>,
  ): readonly SearchHit[] {
    return ranked.flatMap(([id, score]) => {
      const source = places.get(Math.floor(id / SPAN));
      const [row] = this.#sql
        .exec<{ name: string }>("SELECT name FROM tools WHERE id = ?", id)
        .toArray();
      return source === undefined || row === undefined ? [] : [{ source, name: row.name, score }];
    });
  }
}

const SCHEMA: readonly string[] = [
  `CREATE TABLE IF NOT EXISTS sources (
     id INTEGER PRIMARY KEY AUTOINCREMENT, backend TEXT NOT NULL, hash TEXT NOT NULL,
     whole INTEGER NOT NULL, usedAt INTEGER NOT NULL, UNIQUE (backend, hash))`,
  `CREATE TABLE IF NOT EXISTS tools (
     id INTEGER PRIMARY KEY, name TEXT NOT NULL, spelling TEXT NOT NULL,
     longSpelling TEXT NOT NULL, text TEXT NOT NULL)`,
  "CREATE INDEX IF NOT EXISTS tools_by_spelling ON tools (spelling)",
  "CREATE INDEX IF NOT EXISTS tools_by_long_spelling ON tools (longSpelling)",
  `CREATE VIRTUAL TABLE IF NOT EXISTS texts USING fts5(
     name, title, backend, description, parameters,
     content='', contentless_delete=1, tokenize="porter unicode61 remove_diacritics 2")`,
  "CREATE VIRTUAL TABLE IF NOT EXISTS vocabulary USING fts5vocab(texts, row)",
];

function spaced(text: string): string {
  return wordsOf(text).join(" ");
}

/** The word itself counts twice: it is met by both. */
function beginning(word: string): string {
  return word.length < MIN_PREFIX ? `"${word}"` : `"${word}" OR "${word}"*`;
}

function anyOf(words: readonly string[]): string {
  return words.map((word) => `"${word}"`).join(" OR ");
}
