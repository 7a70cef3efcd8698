import type { ListedTool, Listing } from "../catalog/listing.ts";
import type { BackendOrder } from "../config/backend-order.ts";
import type { BackendReport } from "../config/backend-report.ts";
import type { GatewayError } from "../core/errors.ts";
import { redactText } from "../core/redact.ts";
import { type Kept, NOTHING_KEPT } from "./backend-store.ts";
import type { Connection } from "./connection.ts";
import type { Seated } from "./connector-seat.ts";

/** What of a backend's memory changes when it was listed, or could not be. Pure. */

export function afterListing({ started, now }: { started: number; now: number }): Partial<Kept> {
  return {
    state: "ready",
    failures: 0,
    offlineSince: undefined,
    lastError: undefined,
    lastSeen: now,
    latencyMs: now - started,
  };
}

/** What is served is another listing, because the backend listed one or because of a verdict. */
export function afterJudging(
  { hash, tools, prompts, resources, resourceTemplates, warnings }: Listing,
  toReview: number | undefined,
): Partial<Kept> {
  return {
    listingHash: hash,
    toReview,
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

/** What a connector brings is not there, because of `problem` or because the connector is away. */
export function afterOffline(
  { offlineSince, listingHash }: Pick<Kept, "offlineSince" | "listingHash">,
  { now, problem }: { now: number; problem: string | undefined },
): Partial<Kept> {
  return {
    connection: undefined,
    state: problem === undefined ? "offline" : "down",
    failures: 0,
    lastError: problem === undefined ? undefined : `the local server is not running: ${problem}`,
    ...(listingHash === undefined ? {} : { offlineSince: offlineSince ?? now }),
  };
}

/** Nobody counts on its coming back soon: its tools are not there either. */
export function afterForgetting(): Partial<Kept> {
  const { counts, warnings } = NOTHING_KEPT;
  return {
    listingHash: undefined,
    offlineSince: undefined,
    counts,
    warnings,
    toReview: undefined,
  };
}

export function reportOf(
  order: BackendOrder,
  kept: Kept,
  {
    connector,
    tools,
  }: Readonly<{
    connector: Seated | undefined;
    /** Asked for only where it is needed: a listing can be long. */
    tools: () => readonly Pick<ListedTool, "name">[] | undefined;
  }>,
): BackendReport {
  const { connection, state, listingHash, counts } = kept;
  const slips = order.config.disabledTools.length === 0 ? [] : disabledToolWarnings(order, tools());
  return {
    state,
    configVersion: order.configVersion,
    listingHash,
    era: connection?.era,
    protocolVersion: connection?.protocolVersion,
    sessionful: connection?.sessionful ?? false,
    counts,
    warnings: [...kept.warnings, ...slips],
    toReview: kept.toReview,
    lastError: kept.lastError,
    lastSeen: kept.lastSeen,
    latencyMs: kept.latencyMs,
    server: serverOf(connection),
    login: kept.login,
    connector,
  };
}

/** More would fill everybody's snapshot. */
const MAX_SLIPS = 20;

/** A name in `disabledTools` that no tool has disables nothing, and is a slip more often than not. */
function disabledToolWarnings(
  { config: { disabledTools } }: BackendOrder,
  tools: readonly Pick<ListedTool, "name">[] | undefined,
): readonly string[] {
  if (tools === undefined) return []; // not listed yet
  const names = new Set(tools.map(({ name }) => name));
  return disabledTools
    .filter((name) => !names.has(name))
    .slice(0, MAX_SLIPS)
    .map((name) => `disabledTools: there is no tool "${redactText(name, MAX_NAME)}"`);
}

/** What a server calls itself is its own text: bounded, because everybody's snapshot has it. */
const MAX_NAME = 100;

function serverOf(connection: Connection | undefined): BackendReport["server"] {
  const { name, version } = connection?.serverInfo ?? {};
  if (typeof name !== "string") return undefined;
  return {
    name: redactText(name, MAX_NAME),
    ...(typeof version === "string" ? { version: redactText(version, MAX_NAME) } : {}),
  };
}
