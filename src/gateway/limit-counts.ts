import type { Limits } from "../config/limits-config.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** How many calls there were in a minute and on a day, both counted from the epoch. */
export type Counted = Readonly<{ minute: number; inMinute: number; day: number; onDay: number }>;

export const NOTHING_COUNTED: Counted = { minute: 0, inMinute: 0, day: 0, onDay: 0 };

/** The same at another time: a minute that is over counts nothing any more. */
export function countedAt(counted: Counted, now: number): Counted {
  const minute = Math.floor(now / MINUTE_MS);
  const day = Math.floor(now / DAY_MS);
  return {
    minute,
    inMinute: counted.minute === minute ? counted.inMinute : 0,
    day,
    onDay: counted.day === day ? counted.onDay : 0,
  };
}

/** One call more, or one that was counted and did not happen. */
export function countedWith(counted: Counted, calls: 1 | -1): Counted {
  return {
    ...counted,
    inMinute: Math.max(0, counted.inMinute + calls),
    onDay: Math.max(0, counted.onDay + calls),
  };
}

/** The bound that one call more would break, and for how many seconds it will be so. */
export function brokenBound(
  { perMinute = Infinity, perDay = Infinity }: Limits,
  { minute, inMinute, day, onDay }: Counted,
  now: number,
): Readonly<{ bound: "perMinute" | "perDay"; retryAfter: number }> | undefined {
  const until = (at: number): number => Math.max(1, Math.ceil((at - now) / 1_000));
  if (onDay >= perDay) return { bound: "perDay", retryAfter: until((day + 1) * DAY_MS) };
  if (inMinute >= perMinute) {
    return { bound: "perMinute", retryAfter: until((minute + 1) * MINUTE_MS) };
  }
  return undefined;
}
