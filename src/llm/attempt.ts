import type { CallSignal } from "../core/call-signal.ts";
import type { Blame } from "../core/outbound.ts";
import type { After } from "../core/patience.ts";
import { ProviderError } from "./provider-error.ts";

export type AttemptLimits = Readonly<{
  /** Aborts when the caller gives up. */
  signal: CallSignal;
  after: After;
  timeoutMs: number;
  blame: Blame;
}>;

/** How one try ended. */
export type Tried<Value> =
  | Readonly<{ kind: "done"; value: Value }>
  | Readonly<{
      kind: "failed";
      error: ProviderError;
      /** Whether another try may do better. */
      again: boolean;
    }>;

/**
 * One try, over when the provider has begun to answer, has been silent for too long or the caller
 * gives up. What the caller gives up later still ends what was begun, such as a body that flows.
 */
export async function attempt<Value>(
  work: (signal: AbortSignal) => Promise<Tried<Value>>,
  { signal, after, timeoutMs, blame }: AttemptLimits,
): Promise<Tried<Value>> {
  if (signal.aborted) throw cancelled(blame);
  const abort = new AbortController();
  const { promise: stopped, resolve, reject } = Promise.withResolvers<Tried<Value>>();
  const onAbort = (): void => {
    reject(cancelled(blame));
    abort.abort();
  };
  signal.addEventListener("abort", onAbort);
  const inTime = after(timeoutMs, () => {
    resolve({ kind: "failed", error: silent(blame, timeoutMs), again: true });
    abort.abort();
  });
  let tried: Tried<Value> | undefined;
  try {
    tried = await Promise.race([work(abort.signal), stopped]);
    return tried;
  } finally {
    inTime();
    if (tried?.kind !== "done") signal.removeEventListener("abort", onAbort);
  }
}

export function cancelled({ action }: Blame): ProviderError {
  return new ProviderError("cancelled", `Cannot ${action}: the caller gave up`);
}

function silent({ action, backend }: Blame, timeoutMs: number): ProviderError {
  return new ProviderError(
    "backend_timeout",
    `Cannot ${action}: provider "${backend}" did not answer within ${timeoutMs / 1_000} s`,
  );
}
