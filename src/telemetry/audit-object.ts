import { DurableObject } from "cloudflare:workers";
import * as z from "zod";
import { afterTimeout } from "../core/patience.ts";
import { PendingWatches } from "../core/pending-watches.ts";
import { auditEvent, type StoredEvent } from "./audit-event.ts";
import { AuditRows } from "./audit-rows.ts";
import type { AuditOverview, AuditQuery, AuditStore, Keep, Sample } from "./audit-store.ts";
import { CallCounts } from "./call-counts.ts";
import { MetricCounters } from "./metric-counters.ts";

/** There is one audit store; this is its name. */
export const AUDIT_NAME = "audit";

/** Often enough that a day is a day, seldom enough to cost nothing. */
const SWEEP_MS = 6 * 3_600_000;
const DAYS_KEY = "days";
/** Before the first event said otherwise. */
const DEFAULT_DAYS = 30;

/** One that is not sound costs itself: the others would come again and again with it. */
const batch = z
  .array(z.unknown())
  .transform((events) => events.flatMap((event) => auditEvent.safeParse(event).data ?? []));

/** It needs nothing of the environment. */
type Env = object;

/** Keeps the audit, and counts; what is too old goes even when nobody calls any more. */
export class AuditObject extends DurableObject<Env> implements AuditStore {
  readonly #rows: AuditRows;
  readonly #counts: CallCounts;
  readonly #counters: MetricCounters;
  readonly #watches = new PendingWatches(afterTimeout);

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const { sql } = ctx.storage;
    this.#rows = new AuditRows(sql);
    this.#counts = new CallCounts(sql);
    this.#counters = new MetricCounters(sql);
  }

  async append(json: string, keep: Keep): Promise<void> {
    const events = batch.parse(JSON.parse(json));
    const { storage } = this.ctx;
    storage.transactionSync(() => {
      this.#rows.add(events);
      this.#counts.add(events);
      this.#counters.add(events, keep);
    });
    this.#watches.wake();
    if (keep.days !== (await storage.get<number>(DAYS_KEY))) {
      await storage.put(DAYS_KEY, keep.days);
      await storage.setAlarm(Date.now() + SWEEP_MS);
    } else if ((await storage.getAlarm()) === null) {
      await storage.setAlarm(Date.now() + SWEEP_MS);
    }
  }

  async query(query: AuditQuery): Promise<readonly StoredEvent[]> {
    return this.#rows.find(query);
  }

  async overview(asked: Readonly<{ since: number; step: number }>): Promise<AuditOverview> {
    return this.#counts.overview(asked, Date.now());
  }

  async watch(since: number): Promise<number> {
    if (this.#rows.newestId() <= since) await this.#watches.wait();
    return this.#rows.newestId();
  }

  async samples(): Promise<readonly Sample[]> {
    return this.#counters.all();
  }

  override async alarm(): Promise<void> {
    const { storage } = this.ctx;
    const days = (await storage.get<number>(DAYS_KEY)) ?? DEFAULT_DAYS;
    this.#counts.sweep(days, Date.now());
    if (this.#rows.sweep(days, Date.now())) await storage.setAlarm(Date.now() + SWEEP_MS);
  }
}
