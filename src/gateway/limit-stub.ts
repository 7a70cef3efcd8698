import type { Limits } from "../config/limits-config.ts";

/** What the object of a subject answers; one subject is all the calls that one bound counts. */
export interface LimitStub {
  enter(entry: LimitEntry): Promise<Entered>;
  /** Also for a call that still waits in line. `uncounted`: it never went anywhere. */
  leave(seat: string, how?: "uncounted"): Promise<void>;
  /** The call goes on: its seat is not free yet. */
  stay(seat: string): Promise<void>;
  use(): Promise<LimitUse>;
}

export type LimitEntry = Readonly<{
  /** Chosen by who asks, so that one who gave up waiting can say so. */
  seat: string;
  /** Among whom free seats go round. */
  who: string;
  /** As they are now: nothing is remembered of them between two calls. */
  limits: Limits;
  /** How long for a seat; counts of time are never waited for. */
  waitMs: number;
}>;

/** `retryAfter` in seconds. */
export type Entered =
  | Readonly<{ kind: "in" }>
  | Readonly<{ kind: "full"; bound: keyof Limits; retryAfter: number }>;

/** Calls so far; those of the minute and the day only where there is a bound for them. */
export type LimitUse = Readonly<{ underWay: number; minute: number; day: number }>;
