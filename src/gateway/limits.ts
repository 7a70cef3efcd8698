import { GatewayError } from "../core/errors.ts";

/**
 * Calls one credential may have under way in one isolate. A runaway agent gets a clear answer; the
 * callers beside it keep their place.
 */
const MAX_IN_FLIGHT = 200;

export type InFlight = Readonly<{
  /** Throws `rate_limited`; every `enter` is followed by one `leave`. */
  enter: (credentialId: string) => void;
  leave: (credentialId: string) => void;
}>;

export function createInFlight(): InFlight {
  const counts = new Map<string, number>();
  return {
    enter(credentialId) {
      const count = counts.get(credentialId) ?? 0;
      if (count >= MAX_IN_FLIGHT) {
        throw new GatewayError(
          "rate_limited",
          `Cannot answer: ${MAX_IN_FLIGHT} calls of this credential are under way, wait for one to end`,
          { retryAfter: 1 },
        );
      }
      counts.set(credentialId, count + 1);
    },
    leave(credentialId) {
      const count = (counts.get(credentialId) ?? 1) - 1;
      if (count === 0) counts.delete(credentialId);
      else counts.set(credentialId, count);
    },
  };
}
