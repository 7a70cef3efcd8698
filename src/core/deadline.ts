/**
 * Gives `work` a signal that aborts after `ms`. The timer ends with the work: one left running, as
 * `AbortSignal.timeout` leaves it, keeps a Durable Object in memory (and billed) until it fires.
 */
export async function withDeadline<Value>(
  ms: number,
  work: (signal: AbortSignal) => Promise<Value>,
): Promise<Value> {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), ms);
  try {
    return await work(abort.signal);
  } finally {
    clearTimeout(timer);
  }
}
