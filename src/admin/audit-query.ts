import { GatewayError } from "../core/errors.ts";
import { AUDIT_KINDS, AUDIT_OUTCOMES } from "../telemetry/audit-event.ts";
import type { AuditQuery } from "../telemetry/audit-store.ts";

/** What one answer of the audit holds, at most and unless asked. */
const MAX_EVENTS = 1_000;
const DEFAULT_EVENTS = 100;
const MAX_TEXT = 200;

const OUTCOMES = [...AUDIT_OUTCOMES, "trouble"] as const;
const KINDS = [...AUDIT_KINDS, "owner"] as const;

/** What a request's query asks of the audit. Throws `invalid_params`. */
export function parseAuditQuery(params: URLSearchParams): AuditQuery {
  return {
    limit: integer(params, "limit", { min: 1, max: MAX_EVENTS }) ?? DEFAULT_EVENTS,
    before: integer(params, "before", ANY_ID),
    since: integer(params, "since", ANY_ID),
    from: time(params, "from"),
    user: text(params, "user"),
    backend: text(params, "backend"),
    target: text(params, "target"),
    outcome: choice(params, "outcome", OUTCOMES),
    kind: choice(params, "kind", KINDS),
  };
}

const ANY_ID = { min: 0, max: Number.MAX_SAFE_INTEGER } as const;

function integer(
  params: URLSearchParams,
  name: string,
  { min, max }: Readonly<{ min: number; max: number }>,
): number | undefined {
  const given = text(params, name);
  if (given === undefined) return undefined;
  const value = Number(given);
  if (Number.isSafeInteger(value) && value >= min && value <= max) return value;
  throw invalid(name, given, `${min} to ${max}`);
}

/** ISO 8601, or epoch milliseconds as they stand in the events. */
function time(params: URLSearchParams, name: string): number | undefined {
  const given = text(params, name);
  if (given === undefined) return undefined;
  const value = /^\d+$/.test(given) ? Number(given) : Date.parse(given);
  if (Number.isSafeInteger(value)) return value;
  throw invalid(name, given, "a time such as 2026-11-21T10:00:00Z");
}

function choice<Choice extends string>(
  params: URLSearchParams,
  name: string,
  choices: readonly Choice[],
): Choice | undefined {
  const given = text(params, name);
  if (given === undefined) return undefined;
  const chosen = choices.find((one) => one === given);
  if (chosen === undefined) throw invalid(name, given, `one of ${choices.join(", ")}`);
  return chosen;
}

/** What a form leaves empty is not asked for. */
function text(params: URLSearchParams, name: string): string | undefined {
  const given = params.get(name);
  return given === null || given === "" ? undefined : given.slice(0, MAX_TEXT);
}

function invalid(name: string, given: string, wanted: string): GatewayError {
  const shown = JSON.stringify(given.slice(0, 20));
  return new GatewayError(
    "invalid_params",
    `Cannot read the audit: ${name} is ${shown}, wanted ${wanted}`,
  );
}
