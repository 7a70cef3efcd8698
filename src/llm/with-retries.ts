import type { CallSignal } from "../core/call-signal.ts";
import type { Blame } from "../core/outbound.ts";
import type { After } from "../core/patience.ts";
import { cancelled, type Tried } from "./attempt.ts";
import { ProviderError } from "./provider-error.ts";

const BACKOFF_MS = 1_000;
const BACKOFF_CAP_MS = 30_000;
const JITTER_MS = 500;
/** Who asks for longer is passed on: the caller decides whether to wait. */
const MAX_ASKED_MS = 60_000;
/** No client waits longer for a first word, and a provider silent for so long is not just busy. */
const MAX_RETRYING_MS = 120_000;

export type RetryRules = Readonly<{
  maxRetries: number;
  signal: CallSignal;
  after: After;
  now: () => number;
  random: () => number;
  blame: Blame;
}>;

/** Tries again what failed for the moment, a little later each time. */
export async function withRetries<Value>(
  attempt: () => Promise<Tried<Value>>,
  rules: RetryRules,
): Promise<Value> {
  const begun = rules.now();
  for (let retries = 0; ; retries += 1) {
    const tried = await attempt();
    if (tried.kind === "done") return tried.value;
    const { error, again } = tried;
    const waitMs = waitFor(error, retries, rules.random);
    const ends = rules.now() - begun + waitMs > MAX_RETRYING_MS;
    if (!again || retries >= rules.maxRetries || waitMs > MAX_ASKED_MS || ends) {
      throw retries === 0 ? error : afterRetries(error, retries);
    }
    await pause(waitMs, rules);
  }
}

function waitFor({ retryAfter }: ProviderError, retries: number, random: () => number): number {
  if (retryAfter !== undefined) return retryAfter * 1_000;
  return Math.min(BACKOFF_MS * 2 ** retries, BACKOFF_CAP_MS) + random() * JITTER_MS;
}

function pause(ms: number, { signal, after, blame }: RetryRules): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      over();
      reject(cancelled(blame));
    };
    const over = after(ms, () => {
      signal.removeEventListener("abort", onAbort);
      resolve();
    });
    signal.addEventListener("abort", onAbort);
    if (signal.aborted) onAbort();
  });
}

function afterRetries(error: ProviderError, retries: number): ProviderError {
  const { code, message, finer, rejectedTool, retryAfter, detail } = error;
  return new ProviderError(code, `${message} (tried ${retries + 1} times)`, {
    cause: error,
    finer,
    wasRetried: true,
    ...(rejectedTool === undefined ? {} : { rejectedTool }),
    ...(retryAfter === undefined ? {} : { retryAfter }),
    ...(detail === undefined ? {} : { detail }),
  });
}
