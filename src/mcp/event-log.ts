/** Long enough for a network to come back, short enough not to keep people's data. */
const KEPT_MS = 10 * 60 * 1_000;
/** Of one session. */
const MAX_EVENTS = 1_000;
/** Of one user, in characters: the oldest go. */
const MAX_KEPT_LENGTH = 32 * 1_024 * 1_024;
/** Looked at this often: after so many events, or so many characters. */
const PRUNE_EVENTS = 100;
const PRUNE_LENGTH = 4 * 1_024 * 1_024;
/** Looking reads every row: so it waits until this share of them is new. */
const PRUNE_SHARE = 0.25;
/** A row of SQLite holds 2 MB; what is larger cannot be taken up again. */
const MAX_EVENT_LENGTH = 512 * 1_024;

export type LoggedEvent = Readonly<{ seq: number; data: string }>;

/**
 * What was written to a session's streams, so that a client whose connection broke can come back
 * with `Last-Event-ID` (2025-11-25, basic/transports, resumability), even to a restarted object.
 */
export class EventLog {
  readonly #sql: SqlStorage;
  readonly #now: () => number;
  #newEvents = 0;
  #newLength = 0;
  #pruneAfter = PRUNE_EVENTS;

  constructor(sql: SqlStorage, now: () => number) {
    this.#sql = sql;
    this.#now = now;
    sql.exec(
      "CREATE TABLE IF NOT EXISTS events (session TEXT NOT NULL, stream TEXT NOT NULL, seq INTEGER NOT NULL, data TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (session, stream, seq))",
    );
    sql.exec(
      "CREATE TABLE IF NOT EXISTS streams (session TEXT NOT NULL, stream TEXT NOT NULL, request TEXT NOT NULL, PRIMARY KEY (session, stream))",
    );
  }

  append(session: string, stream: string, { seq, data }: LoggedEvent): void {
    if (data.length > MAX_EVENT_LENGTH) return;
    this.#sql.exec(
      "INSERT OR IGNORE INTO events VALUES (?, ?, ?, ?, ?)",
      session,
      stream,
      seq,
      data,
      this.#now(),
    );
    this.#newEvents += 1;
    this.#newLength += data.length;
    if (this.#newEvents >= this.#pruneAfter || this.#newLength >= PRUNE_LENGTH) this.#prune();
  }

  /** In order; none of another stream or session. */
  after(session: string, stream: string, seq: number): readonly LoggedEvent[] {
    return this.#sql
      .exec<{ seq: number; data: string }>(
        "SELECT seq, data FROM events WHERE session = ? AND stream = ? AND seq > ? AND at > ? ORDER BY seq",
        session,
        stream,
        seq,
        this.#now() - KEPT_MS,
      )
      .toArray();
  }

  /** The highest number given out on a stream that an earlier life of the object began, or 0. */
  lastSeq(session: string, stream: string): number {
    const [row] = this.#sql
      .exec<{ seq: number | null }>(
        "SELECT MAX(seq) AS seq FROM events WHERE session = ? AND stream = ?",
        session,
        stream,
      )
      .toArray();
    return row?.seq ?? 0;
  }

  /** A request whose answer goes to this stream is under way. */
  begin(session: string, stream: string, request: string): void {
    this.#sql.exec("INSERT OR REPLACE INTO streams VALUES (?, ?, ?)", session, stream, request);
  }

  /** Its JSON-RPC id as JSON, when the object was restarted before the answer came. */
  unanswered(session: string, stream: string): string | undefined {
    return this.#sql
      .exec<{ request: string }>(
        "SELECT request FROM streams WHERE session = ? AND stream = ?",
        session,
        stream,
      )
      .toArray()[0]?.request;
  }

  finish(session: string, stream: string): void {
    this.#sql.exec("DELETE FROM streams WHERE session = ? AND stream = ?", session, stream);
  }

  forget(session: string): void {
    this.#sql.exec("DELETE FROM events WHERE session = ?", session);
    this.#sql.exec("DELETE FROM streams WHERE session = ?", session);
  }

  /** Removes what is too old of every session; true when anything is left. */
  sweep(): boolean {
    this.#prune();
    return this.#sql.exec("SELECT 1 FROM events LIMIT 1").toArray().length > 0;
  }

  #prune(): void {
    this.#newEvents = 0;
    this.#newLength = 0;
    this.#sql.exec("DELETE FROM events WHERE at <= ?", this.#now() - KEPT_MS);
    // Rows are numbered as they come.
    this.#sql.exec(
      "DELETE FROM events WHERE rowid IN (SELECT rowid FROM (SELECT rowid, ROW_NUMBER() OVER (PARTITION BY session ORDER BY rowid DESC) AS place, SUM(LENGTH(data)) OVER (ORDER BY rowid DESC) AS size FROM events) WHERE place > ? OR size > ?)",
      MAX_EVENTS,
      MAX_KEPT_LENGTH,
    );
    const { left } = this.#sql.exec<{ left: number }>("SELECT COUNT(*) AS left FROM events").one();
    this.#pruneAfter = Math.max(PRUNE_EVENTS, left * PRUNE_SHARE);
  }
}
