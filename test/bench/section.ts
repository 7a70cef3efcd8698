import type { WorkerBundle } from "../../src/command/worker-bundle.ts";
import type { Effort, Measured } from "./side-by-side.ts";

/** Something the project says of itself, and what was measured. */
export type Promised = Readonly<{ promise: string; measured: string; holds: boolean }>;

export type SectionResult = Readonly<{
  /** Printed as they are, one row each, the head first. */
  table: readonly (readonly string[])[];
  promises: readonly Promised[];
  notes?: readonly string[];
}>;

export type BenchContext = Readonly<{
  /** What deploy ships. */
  bundle: WorkerBundle;
  effort: Effort;
  /** Everything a section starts is stopped with this, whatever happens. */
  cleanup: AsyncDisposableStack;
}>;

export type Section = Readonly<{
  name: string;
  title: string;
  run: (context: BenchContext) => Promise<SectionResult>;
}>;

export const LOAD_HEAD = ["", "conn.", "req/s", "ratio", "CPU µs", "ratio", "p50 ms", "p99 ms"];

export function loadRow(measured: Measured): readonly string[] {
  return [
    measured.name,
    String(measured.connections),
    String(Math.round(measured.perSecond)),
    measured.throughputRatio.toFixed(2),
    measured.cpuUs === undefined ? "-" : measured.cpuUs.toFixed(0),
    measured.cpuRatio === undefined ? "-" : measured.cpuRatio.toFixed(2),
    measured.p50Ms.toFixed(2),
    measured.p99Ms.toFixed(2),
  ];
}

export function atMost(promise: string, value: number | undefined, limit: number): Promised {
  const measured = value === undefined ? "not measured" : value.toFixed(2);
  return {
    promise: `${promise} ≤ ${limit}`,
    measured,
    holds: value !== undefined && value <= limit,
  };
}

export function atLeast(promise: string, value: number, limit: number): Promised {
  return { promise: `${promise} ≥ ${limit}`, measured: value.toFixed(2), holds: value >= limit };
}
