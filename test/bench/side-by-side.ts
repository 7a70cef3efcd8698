import { readCpuMs } from "./cpu-time.ts";
import { type Load, measureThroughput, median, type Throughput } from "./measure-throughput.ts";

type Named = Readonly<{
  name: string;
  /** Whose CPU counts; 0 where nobody's does. */
  pid: number;
}>;

export type Contender = Named & Readonly<{ request: Omit<Load, "connections" | "durationMs"> }>;

/** What is more than one request repeated. */
export type FlowContender = Named &
  Readonly<{ measure: (connections: number, durationMs: number) => Promise<Throughput> }>;

export type Measured = Readonly<{
  name: string;
  connections: number;
  perSecond: number;
  p50Ms: number;
  p99Ms: number;
  /** Of the server's process alone; undefined where it can not be read. */
  cpuUs: number | undefined;
  /** Against the first contender, each round by itself. */
  throughputRatio: number;
  cpuRatio: number | undefined;
}>;

export type Effort = Readonly<{ rounds: number; durationMs: number }>;

type Sample = Readonly<{ perSecond: number; p50Ms: number; p99Ms: number; cpuUs: number }>;

/**
 * All contenders in turns, the first one being what the others are compared with. Ratios are made
 * within a round, because on a shared machine the rounds differ more than the contenders.
 */
export async function compareSideBySide(
  contenders: readonly (Contender | FlowContender)[],
  connections: number,
  { rounds, durationMs }: Effort,
): Promise<readonly Measured[]> {
  const samples = new Map<Contender | FlowContender, Sample[]>(
    contenders.map((contender) => [contender, []]),
  );
  for (const contender of contenders) await run(contender, connections, durationMs / 4);
  for (let round = 0; round < rounds; round += 1) {
    // Every other round backwards: who comes first in a noisy second should not matter.
    const order = round % 2 === 0 ? contenders : contenders.toReversed();
    for (const contender of order) {
      samples.get(contender)?.push(await run(contender, connections, durationMs));
    }
  }
  const [first] = contenders;
  const base = first === undefined ? [] : (samples.get(first) ?? []);
  return contenders.map((contender) => {
    const own = samples.get(contender) ?? [];
    const middle = (pick: (sample: Sample) => number): number => median(own.map(pick));
    const ratio = (pick: (sample: Sample) => number): number =>
      median(own.map((sample, round) => pick(sample) / pick(base[round] ?? sample)));
    const cpuUs = middle((sample) => sample.cpuUs);
    const cpuRatio = ratio((sample) => sample.cpuUs);
    return {
      name: contender.name,
      connections,
      perSecond: middle((sample) => sample.perSecond),
      p50Ms: middle((sample) => sample.p50Ms),
      p99Ms: middle((sample) => sample.p99Ms),
      cpuUs: Number.isFinite(cpuUs) ? cpuUs : undefined,
      throughputRatio: ratio((sample) => sample.perSecond),
      cpuRatio: Number.isFinite(cpuRatio) ? cpuRatio : undefined,
    };
  });
}

async function run(
  contender: Contender | FlowContender,
  connections: number,
  durationMs: number,
): Promise<Sample> {
  const { name, pid } = contender;
  const before = readCpuMs(pid) ?? NaN;
  const measuring =
    "request" in contender
      ? measureThroughput({ ...contender.request, connections, durationMs })
      : contender.measure(connections, durationMs);
  const throughput = await measuring.catch((error: unknown) => {
    throw new Error(`${name} at ${connections} connections`, { cause: error });
  });
  const cpuMs = (readCpuMs(pid) ?? NaN) - before;
  return { ...throughput, cpuUs: (cpuMs * 1_000) / throughput.requests };
}
