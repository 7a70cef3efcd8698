import { auditDetails, auditEvent, type StoredEvent } from "./audit-event.ts";
import type { AuditQuery } from "./audit-store.ts";

/** A year of a busy house, well under an object's size. */
const KEPT_ROWS = 500_000;
/**
 * What owners want to know of is counted for itself: else whoever may call, or is refused often enough,
 * would push the making of a key out of the store.
 */
const KEPT_OWNER_ROWS = 100_000;
/** What one look returns at most: with arguments and results still under a message's 32 MiB. */
const MAX_ROWS = 1_000;
const DAY_MS = 86_400_000;

type Row = {
  id: number;
  kind: string;
  at: number;
  request: string;
  user: string;
  credential: string;
  client: string | null;
  surface: string | null;
  method: string;
  backend: string;
  target: string;
  outcome: string;
  code: string | null;
  ms: number;
  more: string | null;
};

const BY_OWNER = "kind <> 'call' AND kind <> 'chat'";

const CREATE = [
  // Of the version that kept batches as text; a month of calls is not worth a migration.
  "DROP TABLE IF EXISTS batches",
  `CREATE TABLE IF NOT EXISTS events (
     id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, at INTEGER NOT NULL,
     request TEXT NOT NULL, user TEXT NOT NULL, credential TEXT NOT NULL, client TEXT,
     surface TEXT, method TEXT NOT NULL, backend TEXT NOT NULL, target TEXT NOT NULL,
     outcome TEXT NOT NULL, code TEXT, ms INTEGER NOT NULL, more TEXT)`,
  // Each index is one more row written for each call: only what pages are narrowed by.
  "CREATE INDEX IF NOT EXISTS events_user ON events (user)",
  "CREATE INDEX IF NOT EXISTS events_backend ON events (backend)",
  // What is rare costs a row only where it happens.
  "CREATE INDEX IF NOT EXISTS events_trouble ON events (id) WHERE outcome <> 'ok'",
  `CREATE INDEX IF NOT EXISTS events_owner ON events (id) WHERE ${BY_OWNER}`,
];

/** The events one by one, so that they can be looked for. */
export class AuditRows {
  readonly #sql: SqlStorage;
  /** Up to here no calls are left. */
  #cutTo = 0;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    for (const statement of CREATE) sql.exec(statement);
  }

  add(events: readonly Omit<StoredEvent, "id">[]): void {
    for (const event of events) {
      const { tokens, trace, arguments: args, result } = event;
      const more = { tokens, trace, arguments: args, result };
      const hasMore = Object.values(more).some((value) => value !== undefined);
      this.#sql.exec(
        `INSERT INTO events (kind, at, request, user, credential, client, surface, method, backend,
           target, outcome, code, ms, more) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        event.kind,
        event.at,
        event.requestId,
        event.userId,
        event.credentialId,
        event.client ?? null,
        event.surface ?? null,
        event.method,
        event.backend,
        event.target,
        event.outcome,
        event.code ?? null,
        event.ms,
        hasMore ? JSON.stringify(more) : null,
      );
    }
    this.#cut(this.newestId() - KEPT_ROWS);
  }

  newestId(): number {
    const [row] = this.#sql
      .exec<{ newest: number | null }>("SELECT MAX(id) AS newest FROM events")
      .toArray();
    return row?.newest ?? 0;
  }

  find(query: AuditQuery): readonly StoredEvent[] {
    const { where, values } = conditionsOf(query);
    const direction = query.order === "oldest" ? "ASC" : "DESC";
    return this.#sql
      .exec<Row>(
        `SELECT * FROM events ${where} ORDER BY id ${direction} LIMIT ?`,
        ...values,
        Math.min(Math.max(1, query.limit), MAX_ROWS),
      )
      .toArray()
      .map(toEvent);
  }

  /** Forgets what is older; whether anything is left. */
  sweep(days: number, now: number): boolean {
    this.#sql.exec("DELETE FROM events WHERE at < ?", now - days * DAY_MS);
    this.#sql.exec(
      `DELETE FROM events WHERE ${BY_OWNER} AND id <= (
         SELECT id FROM events WHERE ${BY_OWNER} ORDER BY id DESC LIMIT 1 OFFSET ?)`,
      KEPT_OWNER_ROWS,
    );
    return this.newestId() > 0;
  }

  #cut(id: number): void {
    if (id <= this.#cutTo) return;
    this.#sql.exec(
      `DELETE FROM events WHERE id > ? AND id <= ? AND NOT (${BY_OWNER})`,
      this.#cutTo,
      id,
    );
    this.#cutTo = id;
  }
}

function conditionsOf(query: AuditQuery): { where: string; values: (string | number)[] } {
  const texts: string[] = [];
  const values: (string | number)[] = [];
  const narrow = (text: string, value: string | number | undefined): void => {
    if (value === undefined) return;
    texts.push(text);
    values.push(value);
  };
  narrow("id < ?", query.before);
  narrow("id > ?", query.since);
  narrow("at >= ?", query.from);
  narrow("user = ?", query.user);
  narrow("backend = ?", query.backend);
  narrow("target = ?", query.target);
  if (query.kind === "owner") texts.push(BY_OWNER);
  else narrow("kind = ?", query.kind);
  if (query.outcome === "ok") texts.push("outcome = 'ok'");
  // Said besides, so that the index of trouble is used.
  else if (query.outcome !== undefined) texts.push("outcome <> 'ok'");
  if (query.outcome !== "ok" && query.outcome !== "trouble") narrow("outcome = ?", query.outcome);
  return { where: texts.length === 0 ? "" : `WHERE ${texts.join(" AND ")}`, values };
}

function toEvent(row: Row): StoredEvent {
  const more = row.more === null ? {} : auditDetails.parse(JSON.parse(row.more));
  const event = auditEvent.parse({
    kind: row.kind,
    at: row.at,
    requestId: row.request,
    userId: row.user,
    credentialId: row.credential,
    ...(row.client === null ? {} : { client: row.client }),
    ...(row.surface === null ? {} : { surface: row.surface }),
    method: row.method,
    backend: row.backend,
    target: row.target,
    outcome: row.outcome,
    ...(row.code === null ? {} : { code: row.code }),
    ms: row.ms,
    ...more,
  });
  return { id: row.id, ...event };
}
