import type { Caller } from "../auth/caller.ts";
import type { BackendConfig } from "../config/gateway-config.ts";
import type { Limits } from "../config/limits-config.ts";
import { GatewayError } from "../core/errors.ts";
import type { CallContext, ForwardedMethod } from "./gateway.ts";
import { STAY_EVERY_MS } from "./limit-seats.ts";
import type { Entered, LimitStub, LimitUse } from "./limit-stub.ts";

/**
 * Seats are given back beside the answer, so that of a client that calls one by one the next call can
 * be there before the seat of the last one is free. Nobody else waits for a bound of their own.
 */
const OWN_WAIT_MS = 300;
/** A call waits for a backend as long as its own deadline leaves, but no longer than this. */
const MAX_WAIT_MS = 10 * 60 * 1_000;
/** What is left of the deadline for the call itself, after the wait. */
const RESERVED_MS = 5_000;
/** Seconds; our storage comes back or the caller finds out that it does not. */
const RETRY_AFTER = 5;

export type Limited = Readonly<{
  caller: Caller;
  config: BackendConfig;
  /** For messages: `call tool "x"`. */
  action: string;
  context: CallContext;
}>;

/** A call that is let in. `leave` is called once, when it is over, and waits for nothing. */
export type Admission = Readonly<{ leave: () => void; waitedMs: number }>;

export type LimitGate = Readonly<{
  /** Throws `rate_limited` with the bound and when it ends, `cancelled`, and `unavailable`. */
  enter: (call: Limited) => Promise<Admission>;
  use: (subject: string) => Promise<LimitUse>;
}>;

/** Whether anything at all counts a call; asked for every one. Following a task is free. */
export function isLimited(
  { limits }: Pick<Caller, "limits">,
  config: Pick<BackendConfig, "limits">,
  method: ForwardedMethod,
): boolean {
  return (limits !== undefined || config.limits !== undefined) && !method.startsWith("tasks/");
}

type Bound = Readonly<{ subject: string; limits: Limits; who: string; waitMs: number }>;
type Seat = Readonly<{ id: string; stub: LimitStub }>;

/** `stub` is asked for with every call, because a stub belongs to the request that made it. */
export function createLimitGate(
  deps: Readonly<{ stub: (subject: string) => LimitStub; now: () => number }>,
): LimitGate {
  async function enterOne(bound: Bound, { action, context: { signal } }: Limited): Promise<Seat> {
    const { subject, limits, who, waitMs } = bound;
    // What has happened already is told to nobody who begins to listen.
    if (signal.aborted) throw hasLeft(action);
    const seat: Seat = { id: crypto.randomUUID(), stub: deps.stub(subject) };
    const giveUp = (): void => void seat.stub.leave(seat.id).catch(ignore);
    signal.addEventListener("abort", giveUp);
    let entered: Entered;
    try {
      entered = await seat.stub.enter({ seat: seat.id, who, limits, waitMs });
    } catch (cause) {
      giveUp(); // it may have been let in, and only the answer be lost
      throw new GatewayError(
        "unavailable",
        `Cannot ${action}: the gateway cannot count calls right now`,
        { cause, retryAfter: RETRY_AFTER },
      );
    } finally {
      signal.removeEventListener("abort", giveUp);
    }
    if (signal.aborted) {
      if (entered.kind === "in") await seat.stub.leave(seat.id, "uncounted");
      throw hasLeft(action);
    }
    if (entered.kind === "full") throw refusal(bound, entered, action);
    return seat;
  }

  return {
    async enter(call) {
      const { caller, config, context } = call;
      const started = deps.now();
      const seats: Seat[] = [];
      try {
        for (const bound of boundsOf(caller, config)) {
          // In a row: who is refused by one counts for no other, and a backend is waited for last.
          // oxlint-disable-next-line no-await-in-loop
          seats.push(await enterOne(bound, call));
        }
      } catch (error) {
        const undone = seats.map(({ id, stub }) => stub.leave(id, "uncounted"));
        context.waitUntil(Promise.allSettled(undone));
        throw error;
      }
      return { leave: holdSeats(seats, context), waitedMs: deps.now() - started };
    },
    use: (subject) => deps.stub(subject).use(),
  };
}

function hasLeft(action: string): GatewayError {
  return new GatewayError("cancelled", `Cannot ${action}: its caller has left`);
}

/** The caller's own bounds before the backend's, which everybody else waits for as well. */
function boundsOf({ limits = [], userId: who }: Caller, config: BackendConfig): readonly Bound[] {
  const own = limits.map((one) => ({ ...one, who, waitMs: OWN_WAIT_MS }));
  if (config.limits === undefined) return own;
  const left = config.timeoutMs - Math.min(RESERVED_MS, config.timeoutMs / 2);
  const waitMs = Math.min(left, MAX_WAIT_MS);
  return [...own, { subject: backendSubject(config), limits: config.limits, who, waitMs }];
}

export function backendSubject({ name }: Pick<BackendConfig, "name">): string {
  return `backend/${name}`;
}

/**
 * Keeps the seats until the call is over, and the request alive until they are given back, whether
 * or not its client still waits. Answers how to say that the call is over.
 */
function holdSeats(seats: readonly Seat[], { after, waitUntil }: CallContext): () => void {
  const { promise, resolve } = Promise.withResolvers<void>();
  let callOff = after(STAY_EVERY_MS, stay);
  function stay(): void {
    for (const { id, stub } of seats) stub.stay(id).catch(ignore);
    callOff = after(STAY_EVERY_MS, stay);
  }
  waitUntil(promise);
  return () => {
    callOff();
    const left = seats.map(({ id, stub }) => stub.leave(id));
    void Promise.allSettled(left).then(() => resolve());
  };
}

/** A seat nobody gives back is free again after a while; see LimitSeats. */
function ignore(): void {}

function refusal(
  { subject, limits, waitMs }: Bound,
  { bound, retryAfter }: Extract<Entered, { kind: "full" }>,
  action: string,
): GatewayError {
  const [kind, name] = subject.split("/", 2);
  const isBackend = kind === "backend";
  const who = isBackend ? `backend "${name}" takes` : `this ${kind} may make`;
  const count = limits[bound] ?? 0;
  const calls = `${count} ${count === 1 ? "call" : "calls"}`;
  const waited = isBackend ? `, and none has ended within ${Math.round(waitMs / 100) / 10} s` : "";
  const reason = {
    concurrent: `${calls} at once${waited || ", wait for one to end"}`,
    perMinute: `${calls} a minute, there are new ones in ${retryAfter} s`,
    perDay: `${calls} a day, there are new ones at 00:00 UTC`,
  }[bound];
  return new GatewayError("rate_limited", `Cannot ${action}: ${who} ${reason}`, { retryAfter });
}
