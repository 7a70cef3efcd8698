import type { Check, Revision } from "./official-suite.ts";

/** A failure that is known and accepted: for now, or because the wire has no way to pass. */
export type ExpectedFailure = Readonly<{
  /** Names of targets. */
  targets: readonly string[];
  revisions: readonly Revision[];
  /** A name, or the head of several names before a `*`. */
  scenario: string;
  /** Only this check; without it, any of the scenario. */
  check?: string;
  reason: string;
}>;

/**
 * `lost`: it passes directly and not through the gateway, be it as a warning or because the suite
 * never came to it. `beyond`: the wire behind the gateway cannot do it, with or without a gateway.
 * `other`: skipped or only informative.
 */
export type Verdict = "passed" | "failed" | "lost" | "expected" | "beyond" | "other";

export type Judged = Readonly<{ scenario: string; id: string; verdict: Verdict; message: string }>;

export type Judgement = Readonly<{
  checks: readonly Judged[];
  /** Entries that nothing failed for: they would hide the next failure. */
  stale: readonly ExpectedFailure[];
}>;

/** What the checks of one run are worth, one verdict per scenario and check id. */
export function judge(
  checks: readonly Check[],
  {
    direct,
    expected,
    limits = [],
  }: {
    /** The same suite against the backend itself; undefined when this is that run. */
    direct: readonly Check[] | undefined;
    /** Those for this target and revision. */
    expected: readonly ExpectedFailure[];
    /** What nobody could pass on this wire, for this target and revision. */
    limits?: readonly ExpectedFailure[];
  },
): Judgement {
  const own = byKey(checks);
  const base = byKey(direct ?? []);
  const used = new Set<ExpectedFailure>();
  const keys = [...new Set([...own.keys(), ...base.keys()])].toSorted();
  const judged = keys.map((key): Judged => {
    const group = own.get(key) ?? [];
    const before = base.get(key) ?? [];
    const [{ scenario, id } = { scenario: "", id: "" }] = [...group, ...before];
    const verdict = rawVerdict(group, before);
    const message =
      group.find(({ status }) => status !== "SUCCESS" && status !== "INFO")?.message ?? "";
    if (verdict !== "failed" && verdict !== "lost") return { scenario, id, verdict, message };
    const entry = [...limits, ...expected].find(
      (one) => names(one, scenario) && (one.check === undefined || one.check === id),
    );
    if (entry === undefined) return { scenario, id, verdict, message };
    used.add(entry);
    return { scenario, id, verdict: limits.includes(entry) ? "beyond" : "expected", message };
  });
  const ran = new Set([...checks, ...(direct ?? [])].map(({ scenario }) => scenario));
  const stale = [...limits, ...expected].filter(
    (entry) => !used.has(entry) && [...ran].some((scenario) => names(entry, scenario)),
  );
  return { checks: judged, stale };
}

function rawVerdict(group: readonly Check[], direct: readonly Check[]): Verdict {
  const passes = count(group, "SUCCESS");
  if (count(group, "FAILURE") > 0) return count(direct, "FAILURE") > 0 ? "beyond" : "failed";
  if (passes < count(direct, "SUCCESS")) return "lost";
  return passes > 0 ? "passed" : "other";
}

function names(entry: ExpectedFailure, scenario: string): boolean {
  return entry.scenario.endsWith("*")
    ? scenario.startsWith(entry.scenario.slice(0, -1))
    : scenario === entry.scenario;
}

function count(group: readonly Check[], status: Check["status"]): number {
  return group.filter((check) => check.status === status).length;
}

/** The suite words some checks of one id by their name: both together are one question. */
function byKey(checks: readonly Check[]): ReadonlyMap<string, readonly Check[]> {
  return Map.groupBy(checks, ({ scenario, id, name }) => `${scenario} ${id} ${name}`);
}
