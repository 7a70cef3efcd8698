import type { StoredEvent } from "./audit-event.ts";
import type { AuditOverview } from "./audit-store.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** Minutes are for the chart of today and yesterday; what is older is counted by the hour. */
const MINUTES_KEPT_MS = 2 * 24 * HOUR_MS;
/** A chart has hardly more points across. */
const MAX_STEPS = 500;

type Count = { calls: number; errors: number; ms: number };

/** Calls per minute, per hour and backend: a chart must not read every call of a month. */
export class CallCounts {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    sql.exec(
      `CREATE TABLE IF NOT EXISTS counts (
         span INTEGER, start INTEGER, backend TEXT, calls INTEGER NOT NULL,
         errors INTEGER NOT NULL, ms INTEGER NOT NULL,
         PRIMARY KEY (span, start, backend)) WITHOUT ROWID`,
    );
  }

  add(events: readonly Omit<StoredEvent, "id">[]): void {
    const counts = new Map<string, Count & { span: number; start: number; backend: string }>();
    for (const { kind, at, backend, outcome, ms } of events) {
      if (kind !== "call") continue;
      for (const span of [MINUTE_MS, HOUR_MS]) {
        const start = at - (at % span);
        const key = `${span} ${start} ${backend}`;
        const count = counts.get(key) ?? { span, start, backend, calls: 0, errors: 0, ms: 0 };
        count.calls += 1;
        count.errors += outcome === "ok" || outcome === "cancelled" ? 0 : 1;
        count.ms += ms;
        counts.set(key, count);
      }
    }
    for (const { span, start, backend, calls, errors, ms } of counts.values()) {
      this.#sql.exec(
        `INSERT INTO counts VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
           calls = calls + excluded.calls, errors = errors + excluded.errors, ms = ms + excluded.ms`,
        span,
        start,
        backend,
        calls,
        errors,
        ms,
      );
    }
  }

  /** Each step is whole minutes, or whole hours where minutes are kept no longer. */
  overview(asked: Readonly<{ since: number; step: number }>, now: number): AuditOverview {
    const since = Math.max(0, Math.min(asked.since, now));
    const wanted = Math.max(asked.step, (now - since) / (MAX_STEPS - 1), MINUTE_MS);
    const span = wanted >= HOUR_MS || now - since > MINUTES_KEPT_MS ? HOUR_MS : MINUTE_MS;
    const step = Math.ceil(wanted / span) * span;
    const first = since - (since % step);
    const found = this.#sql
      .exec<Count & { at: number }>(
        `SELECT start - start % ? AS at, SUM(calls) AS calls, SUM(errors) AS errors, 0 AS ms
           FROM counts WHERE span = ? AND start >= ? GROUP BY 1`,
        step,
        span,
        first,
      )
      .toArray();
    const byStart = new Map(found.map((count) => [count.at, count]));
    const steps = Array.from({ length: Math.floor((now - first) / step) + 1 }, (_, index) => {
      const at = first + index * step;
      return { at, calls: byStart.get(at)?.calls ?? 0, errors: byStart.get(at)?.errors ?? 0 };
    });
    const backends = this.#sql
      .exec<Count & { backend: string }>(
        `SELECT backend, SUM(calls) AS calls, SUM(errors) AS errors, SUM(ms) / SUM(calls) AS ms
           FROM counts WHERE span = ? AND start >= ? GROUP BY backend ORDER BY 2 DESC, 1`,
        span,
        first,
      )
      .toArray();
    return { steps, backends };
  }

  sweep(days: number, now: number): void {
    this.#sql.exec(
      "DELETE FROM counts WHERE start < CASE span WHEN ? THEN ? ELSE ? END",
      MINUTE_MS,
      now - MINUTES_KEPT_MS,
      now - days * 24 * HOUR_MS,
    );
  }
}
