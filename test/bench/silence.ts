import { setTimeout as sleep } from "node:timers/promises";
import { readCpuMs, readResidentMb } from "./cpu-time.ts";

/** What follows on a call: audit, counters, what an isolate remembers for a few seconds. */
const SETTLE_MS = 6_000;

export type Silence = Readonly<{
  /** Of a core; undefined where it can not be read. */
  share: number | undefined;
  residentMb: number | undefined;
}>;

/** What a process costs while nobody wants anything of it. */
export async function measureSilence(
  pid: number,
  silenceMs: number,
  settleMs: number = SETTLE_MS,
): Promise<Silence> {
  await sleep(settleMs);
  const before = readCpuMs(pid);
  const started = performance.now();
  await sleep(silenceMs);
  const after = readCpuMs(pid);
  const share =
    before === undefined || after === undefined
      ? undefined
      : (after - before) / (performance.now() - started);
  return { share, residentMb: readResidentMb(pid) };
}
