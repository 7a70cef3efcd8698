import { readStrict } from "./strict-part.ts";

/** Ten years: longer is meant to be for ever, and the store has a bound of rows as well. */
const MAX_DAYS = 3_650;
const DEFAULT_DAYS = 30;

/** What is kept of the calls, and for how long. */
export type AuditConfig = Readonly<{
  days: number;
  /** Of calls: bounded, without what looks like a secret. They hold what people work on. */
  arguments: boolean;
  results: boolean;
  /** Counts for each tool in `/metrics`: a tool may be one of thousands. */
  toolMetrics: boolean;
}>;

export const DEFAULT_AUDIT: AuditConfig = {
  days: DEFAULT_DAYS,
  arguments: false,
  results: false,
  toolMetrics: false,
};

/** The part `gateway.audit` of a document. Throws `config_invalid`. */
export function parseAudit(path: string, given: unknown): AuditConfig {
  if (given === undefined) return DEFAULT_AUDIT;
  const part = readStrict(path, given, ["days", "arguments", "results", "toolMetrics"]);
  return {
    days: part.number("days", { min: 1, max: MAX_DAYS, unit: "days" }) ?? DEFAULT_DAYS,
    arguments: part.boolean("arguments") ?? false,
    results: part.boolean("results") ?? false,
    toolMetrics: part.boolean("toolMetrics") ?? false,
  };
}
