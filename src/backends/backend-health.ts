import type { Listing } from "../catalog/listing.ts";
import type { BackendOrder } from "../config/backend-order.ts";
import type { BackendReport } from "../config/backend-report.ts";
import type { GatewayError } from "../core/errors.ts";
import type { Kept } from "./backend-store.ts";

/** What of a backend's memory changes when it was listed, or could not be. Pure. */

export function afterListing(
  { hash, tools, prompts, resources, resourceTemplates, warnings }: Listing,
  { started, now }: { started: number; now: number },
): Partial<Kept> {
  return {
    state: "ready",
    failures: 0,
    lastError: undefined,
    lastSeen: now,
    latencyMs: now - started,
    listingHash: hash,
    warnings: [...warnings],
    counts: {
      tools: tools.length,
      prompts: prompts.length,
      resources: resources.length,
      resourceTemplates: resourceTemplates.length,
    },
  };
}

/** The listing stays: callers are told that the backend is down, not that its tools are gone. */
export function afterFailure(
  kept: Pick<Kept, "legacySince" | "failures">,
  error: GatewayError,
): Partial<Kept> {
  return {
    connection: undefined,
    // An era verdict is asked again when the backend begins to answer nonsense.
    legacySince: error.code === "backend_failed" ? undefined : kept.legacySince,
    state: "down",
    failures: kept.failures + 1,
    lastError: error.message,
  };
}

export function reportOf({ configVersion }: BackendOrder, kept: Kept): BackendReport {
  const { connection, state, listingHash, counts, warnings } = kept;
  return {
    state,
    configVersion,
    listingHash,
    era: connection?.era,
    protocolVersion: connection?.protocolVersion,
    sessionful: connection?.sessionful ?? false,
    counts,
    warnings,
    lastError: kept.lastError,
    lastSeen: kept.lastSeen,
    latencyMs: kept.latencyMs,
  };
}
