import type { LimitStanding } from "../gateway/gateway.ts";

/** Each bound that is set, with what is left of it now; null while that is not known. */
export function describeLimit({ of, limits, use }: LimitStanding): Record<string, unknown> {
  const { concurrent, perMinute, perDay } = limits;
  return {
    of,
    ...bound("concurrent", concurrent, use?.underWay),
    ...bound("perMinute", perMinute, use?.minute),
    ...bound("perDay", perDay, use?.day),
  };
}

function bound(name: string, limit: number | undefined, used: number | undefined): object {
  if (limit === undefined) return {};
  return { [name]: { limit, left: used === undefined ? null : Math.max(0, limit - used) } };
}
