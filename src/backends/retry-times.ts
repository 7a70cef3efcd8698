import type { GatewayError } from "../core/errors.ts";

/** When a backend's object looks at its backend again. */

/** One second: a backend that was started together with the gateway is there by then. */
export const RETRY_SOON_MS = 1_000;
/** Somebody may just be starting it: it appears within seconds of coming up. */
const RETRY_CAP_MS = 5_000;
/** After some five minutes nobody is: looking costs requests for ever. */
const PATIENT_FAILURES = 60;
const PATIENT_CAP_MS = 15_000;
/** Tool changes and restarts of a healthy backend are noticed within a minute. */
const RELIST_MS = 60_000;
/** A connector that dials again within this time was hardly away: what it brings is still listed. */
export const OFFLINE_GRACE_MS = 30_000;
/** A backend may ask to be listed more often, but not to be listed all the time. */
const MIN_RELIST_MS = 15_000;

/** A backend that asks for longer than this is tried all the same: it may have meant otherwise. */
const MAX_ASKED_MS = 60_000;

/** What `Retry-After` of a 429 or 503 asks for, within reason. */
export function askedToWaitMs({ retryAfter = 0 }: Pick<GatewayError, "retryAfter">): number {
  return Math.min(retryAfter * 1_000, MAX_ASKED_MS);
}

/** Doubles from 1 s to its cap; ±20 % so that backends which failed together return apart. */
export function retryDelayMs(failures: number, random: number): number {
  const cap = failures > PATIENT_FAILURES ? PATIENT_CAP_MS : RETRY_CAP_MS;
  const delay = Math.min(RETRY_SOON_MS * 2 ** Math.min(failures - 1, 10), cap);
  return Math.round(delay * (0.8 + 0.4 * random));
}

export function nextRelistMs(ttlMs: number | undefined): number {
  return Math.min(Math.max(ttlMs ?? RELIST_MS, MIN_RELIST_MS), RELIST_MS);
}
