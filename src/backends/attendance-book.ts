import * as z from "zod";
import type { Attendance } from "./backend-stub.ts";

/** Renewed every 15 s by who attends: two renewals may go wrong. */
const ATTENDANCE_MS = 40_000;
/** Users of one gateway that hear the same backend at the same time. */
const MAX_ATTENDING = 1_000;
/** All of them together: each is kept by the backend as well. */
const MAX_URIS = 2_000;

export type Attending = Readonly<{ listener: string; uris: readonly string[]; messages: boolean }>;

/** What all who attend want together. */
export type Wanted = Readonly<{
  uris: readonly string[];
  /** When that may be less, epoch ms. */
  until: number;
}>;

const storedUris = z.array(z.string());

/**
 * Who hears this backend at present. Kept in the object's SQLite, so that an object that was
 * evicted in between goes on where it was.
 */
export class AttendanceBook {
  readonly #sql: SqlStorage;
  readonly #now: () => number;
  /** Oldest first: by when it began, not by when it was renewed. */
  readonly #attending = new Map<string, Attending & { readonly ends: number }>();

  constructor(sql: SqlStorage, now: () => number) {
    this.#sql = sql;
    this.#now = now;
    sql.exec(
      "CREATE TABLE IF NOT EXISTS attendances (listener TEXT PRIMARY KEY, uris TEXT NOT NULL, messages INTEGER NOT NULL, began INTEGER NOT NULL, ends INTEGER NOT NULL)",
    );
    const rows = sql
      .exec<{ listener: string; uris: string; messages: number; ends: number }>(
        "SELECT listener, uris, messages, ends FROM attendances ORDER BY began",
      )
      .toArray();
    for (const { listener, uris, messages, ends } of rows) {
      const parsed = storedUris.safeParse(JSON.parse(uris));
      if (!parsed.success) continue; // its listener says it again soon
      this.#attending.set(listener, {
        listener,
        uris: parsed.data,
        messages: messages === 1,
        ends,
      });
    }
  }

  /** Begins or renews; false when too many attend already. */
  note({ listener, uris, messages }: Attendance): boolean {
    this.#sweep();
    if (!this.#attending.has(listener) && this.#attending.size >= MAX_ATTENDING) return false;
    const now = this.#now();
    const ends = now + ATTENDANCE_MS;
    this.#sql.exec(
      "INSERT INTO attendances VALUES (?, ?, ?, ?, ?) ON CONFLICT (listener) DO UPDATE SET uris = excluded.uris, messages = excluded.messages, ends = excluded.ends",
      listener,
      JSON.stringify(uris),
      messages ? 1 : 0,
      now,
      ends,
    );
    this.#attending.set(listener, { listener, uris, messages, ends });
    return true;
  }

  leave(listener: string): void {
    this.#sql.exec("DELETE FROM attendances WHERE listener = ?", listener);
    this.#attending.delete(listener);
  }

  clear(): void {
    this.#sql.exec("DELETE FROM attendances");
    this.#attending.clear();
  }

  /** Who attends now, the newest last. */
  attending(): readonly Attending[] {
    this.#sweep();
    return [...this.#attending.values()];
  }

  /** Undefined when nobody attends. */
  wanted(): Wanted | undefined {
    this.#sweep();
    if (this.#attending.size === 0) return undefined;
    const uris = new Set<string>();
    let until = Infinity;
    for (const one of this.#attending.values()) {
      for (const uri of one.uris) if (uris.size < MAX_URIS) uris.add(uri);
      until = Math.min(until, one.ends);
    }
    return { uris: [...uris].toSorted(), until };
  }

  #sweep(): void {
    const now = this.#now();
    for (const { listener, ends } of this.#attending.values()) {
      if (ends <= now) this.leave(listener);
    }
  }
}
