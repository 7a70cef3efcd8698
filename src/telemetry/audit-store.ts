import type { AuditKind, AuditOutcome, StoredEvent } from "./audit-event.ts";

/** How long events are kept, and which counters are wanted; from the config in force. */
export type Keep = Readonly<{ days: number; toolMetrics: boolean }>;

/** What is left out does not narrow. */
export type AuditQuery = Readonly<{
  /** At most 1,000. */
  limit: number;
  /** Only events with a lower id: the next page. */
  before?: number | undefined;
  /** Only events with a higher id: what is new. */
  since?: number | undefined;
  /** Epoch ms: only events from then on. */
  from?: number | undefined;
  user?: string | undefined;
  backend?: string | undefined;
  /** `trouble`: everything but `ok`. */
  outcome?: AuditOutcome | "trouble" | undefined;
  target?: string | undefined;
  /** `owner`: all that are neither calls nor chats. */
  kind?: AuditKind | "owner" | undefined;
  /** Newest first without. */
  order?: "newest" | "oldest" | undefined;
}>;

export type CallCounts = Readonly<{ calls: number; errors: number }>;

/** Of calls alone. Steps without any are there too, with zeros. */
export type AuditOverview = Readonly<{
  steps: readonly (CallCounts & Readonly<{ at: number }>)[];
  /** The busiest first; `ms` is the mean. */
  backends: readonly (CallCounts & Readonly<{ backend: string; ms: number }>)[];
}>;

/** One line of `/metrics`: its name, its labels as they are written, its value. */
export type Sample = Readonly<{ name: string; labels: string; value: number }>;

/** Everything here is one hop to the AuditObject. */
export interface AuditStore {
  /** `json` is the text of an array of events, at most 1,000 of them. */
  append(json: string, keep: Keep): Promise<void>;
  query(query: AuditQuery): Promise<readonly StoredEvent[]>;
  /** `since` in epoch ms, `step` in ms: a minute at least, and at most 500 of them. */
  overview(asked: Readonly<{ since: number; step: number }>): Promise<AuditOverview>;
  /** The newest id, as soon as it is above `since`; the same again after 20 s. */
  watch(since: number): Promise<number>;
  /** What has been counted since the store began. */
  samples(): Promise<readonly Sample[]>;
}
