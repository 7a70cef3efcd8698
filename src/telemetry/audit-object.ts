import { DurableObject } from "cloudflare:workers";
import { auditEvent, type AuditEvent } from "./audit-event.ts";
import type { AuditStore } from "./audit-trail.ts";

/** There is one audit store; this is its name. */
export const AUDIT_NAME = "audit";

/** A few weeks of a busy house, and well under the size of an object. */
const KEPT_EVENTS = 100_000;

type Row = { event: string };

/** Keeps audit events in the order they arrived; the oldest go first. */
/** It needs nothing of the environment. */
type Env = object;

export class AuditObject extends DurableObject<Env> implements AuditStore {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    ctx.storage.sql.exec(
      "CREATE TABLE IF NOT EXISTS events (id INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT NOT NULL)",
    );
  }

  async append(events: readonly AuditEvent[]): Promise<void> {
    const { sql } = this.ctx.storage;
    for (const event of events)
      sql.exec("INSERT INTO events (event) VALUES (?)", JSON.stringify(event));
    sql.exec("DELETE FROM events WHERE id <= (SELECT MAX(id) FROM events) - ?", KEPT_EVENTS);
  }

  /** Newest first. */
  async newest(limit: number): Promise<readonly AuditEvent[]> {
    return this.ctx.storage.sql
      .exec<Row>("SELECT event FROM events ORDER BY id DESC LIMIT ?", Math.min(limit, 1_000))
      .toArray()
      .map(({ event }) => auditEvent.parse(JSON.parse(event)));
  }
}
