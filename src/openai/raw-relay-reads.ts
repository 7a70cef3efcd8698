import type { LlmContext } from "../llm/language-models.ts";
import { fellSilent, providerFailed, wasCancelled } from "../llm/chunk-fault.ts";
import type { ProviderError } from "../llm/provider-error.ts";

export type Patience = Readonly<{
  provider: string;
  context: LlmContext;
  /** Silence of the provider that is longer than this, by half at most, ends it. */
  timeoutMs: number;
}>;

/**
 * Gives `take` what a provider sends, read by read, until it answers true. Lets go of the provider
 * as soon as the signal aborts; throws ProviderError when it breaks off or falls silent.
 */
export async function takeReads(
  body: ReadableStream<Uint8Array>,
  { provider, context, timeoutMs }: Patience,
  take: (bytes: Uint8Array) => Promise<boolean>,
): Promise<void> {
  const reader = body.getReader();
  let stopped: ProviderError | undefined;
  const stop = (why: ProviderError): void => {
    stopped ??= why;
    reader.cancel().catch(() => {}); // it broke off at the same time
  };
  const onAbort = (): void => stop(wasCancelled());
  let isReading = true;
  // A timer per read would cost as much as the read: one looks whether there were any.
  let quietTicks = 0;
  let callOff: (() => void) | undefined;
  const tick = (): void => {
    if (isReading) quietTicks += 1;
    if (quietTicks > 2) stop(fellSilent(provider, timeoutMs));
    else callOff = context.after(timeoutMs / 2, tick);
  };
  context.signal.addEventListener("abort", onAbort);
  if (context.signal.aborted) onAbort();
  tick();
  try {
    for (;;) {
      isReading = true;
      // oxlint-disable-next-line no-await-in-loop -- one after the other, as they come
      const { done, value } = await reader.read();
      isReading = false;
      quietTicks = 0;
      if (stopped !== undefined) throw stopped;
      // oxlint-disable-next-line no-await-in-loop -- no faster than they are taken
      if (done || (await take(value))) return;
    }
  } catch (error) {
    throw isReading ? (stopped ?? providerFailed(provider, "its answer broke off")) : error;
  } finally {
    callOff?.();
    context.signal.removeEventListener("abort", onAbort);
    reader.cancel().catch(() => {}); // it has ended
  }
}
