import { DurableObject } from "cloudflare:workers";
import type { Limits } from "../config/limits-config.ts";
import {
  brokenBound,
  type Counted,
  countedAt,
  countedWith,
  NOTHING_COUNTED,
} from "./limit-counts.ts";
import { LimitSeats } from "./limit-seats.ts";
import type { Entered, LimitEntry, LimitStub, LimitUse } from "./limit-stub.ts";

/** It needs nothing of the environment. */
type Env = object;

const COUNTED = "counted";
const SEAT = "seat/";
/** A subject that calls no more leaves nothing behind; what is counted is over at midnight. */
const FORGET_MS = 2 * 86_400_000;
/** A seat is free when its call says so: there is no better guess. */
const SOON_SECONDS = 1;

/**
 * Counts for one subject: what is under way, in this minute, and today. All of it is in storage,
 * because an object that is asked nothing for some seconds is evicted, and its calls go on meanwhile.
 */
export class LimitObject extends DurableObject<Env> implements LimitStub {
  readonly #seats: LimitSeats;
  #counted: Counted;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const { kv } = ctx.storage;
    this.#counted = kv.get<Counted>(COUNTED) ?? NOTHING_COUNTED;
    this.#seats = new LimitSeats(
      {
        all: () =>
          [...kv.list<number>({ prefix: SEAT })].map(([key, ends]) => ({
            id: key.slice(SEAT.length),
            ends,
          })),
        put: (id, ends) => kv.put(SEAT + id, ends),
        remove: (id) => void kv.delete(SEAT + id),
      },
      Date.now,
    );
  }

  async enter({ seat, who, limits, waitMs }: LimitEntry): Promise<Entered> {
    const before = this.#broken(limits);
    if (before !== undefined) return before;
    const { concurrent: count } = limits;
    if (count !== undefined && !(await this.#seats.take({ id: seat, who, count, waitMs }))) {
      return { kind: "full", bound: "concurrent", retryAfter: SOON_SECONDS };
    }
    // Others may have been counted while this one waited.
    const after = this.#broken(limits);
    if (after === undefined) {
      if (isTimed(limits)) await this.#count(1);
      return { kind: "in" };
    }
    this.#seats.leave(seat);
    return after;
  }

  async leave(seat: string, how?: "uncounted"): Promise<void> {
    this.#seats.leave(seat);
    if (how === "uncounted" && this.#counted.onDay > 0) await this.#count(-1);
  }

  async stay(seat: string): Promise<void> {
    this.#seats.stay(seat);
  }

  async use(): Promise<LimitUse> {
    const { inMinute, onDay } = countedAt(this.#counted, Date.now());
    return { underWay: this.#seats.taken, minute: inMinute, day: onDay };
  }

  override async alarm(): Promise<void> {
    const { onDay } = countedAt(this.#counted, Date.now());
    if (onDay > 0 || this.#seats.taken > 0) return this.#forgetLater();
    await this.ctx.storage.deleteAll();
    this.#counted = NOTHING_COUNTED;
  }

  #broken(limits: Limits): Entered | undefined {
    if (!isTimed(limits)) return undefined;
    const now = Date.now();
    const broken = brokenBound(limits, countedAt(this.#counted, now), now);
    return broken === undefined ? undefined : { kind: "full", ...broken };
  }

  async #count(calls: 1 | -1): Promise<void> {
    const before = countedAt(this.#counted, Date.now());
    this.#counted = countedWith(before, calls);
    this.ctx.storage.kv.put(COUNTED, this.#counted);
    if (before.onDay === 0) await this.#forgetLater();
  }

  #forgetLater(): Promise<void> {
    return this.ctx.storage.setAlarm(Date.now() + FORGET_MS);
  }
}

/** Nothing is written for who has seats only. */
function isTimed({ perMinute, perDay }: Limits): boolean {
  return perMinute !== undefined || perDay !== undefined;
}
