import { DurableObject } from "cloudflare:workers";
import * as z from "zod";
import { auditEvent, type AuditEvent } from "./audit-event.ts";
import type { AuditStore } from "./audit-trail.ts";

/** There is one audit store; this is its name. */
export const AUDIT_NAME = "audit";

/** A batch is a second of one isolate: a few weeks of a busy house, well under an object's size. */
const KEPT_BATCHES = 100_000;
/** What one look into the audit returns at most. */
const MAX_NEWEST = 1_000;

const batch = z.array(auditEvent);

/** It needs nothing of the environment. */
type Env = object;

/** Keeps batches of audit events in the order they arrived; the oldest go first. */
export class AuditObject extends DurableObject<Env> implements AuditStore {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    ctx.storage.sql.exec(
      "CREATE TABLE IF NOT EXISTS batches (id INTEGER PRIMARY KEY AUTOINCREMENT, events TEXT NOT NULL)",
    );
  }

  async append(json: string): Promise<void> {
    const { sql } = this.ctx.storage;
    sql.exec("INSERT INTO batches (events) VALUES (?)", json);
    sql.exec("DELETE FROM batches WHERE id <= (SELECT MAX(id) FROM batches) - ?", KEPT_BATCHES);
  }

  /** Newest first. */
  async newest(limit: number): Promise<readonly AuditEvent[]> {
    const wanted = Math.min(limit, MAX_NEWEST);
    const newest: AuditEvent[] = [];
    const rows = this.ctx.storage.sql.exec<{ events: string }>(
      "SELECT events FROM batches ORDER BY id DESC LIMIT ?",
      wanted,
    );
    for (const { events } of rows) {
      newest.push(...batch.parse(JSON.parse(events)).toReversed());
      if (newest.length >= wanted) break;
    }
    return newest.slice(0, wanted);
  }
}
