import type { LlmContext } from "../llm/language-models.ts";
import { ProviderError } from "../llm/provider-error.ts";
import { providerFailed } from "./raw-relay-fault.ts";

export type Patience = Readonly<{
  context: LlmContext;
  /** Silence of the provider longer than this ends it. */
  timeoutMs: number;
}>;

/**
 * What a provider sends, read by read. Lets go of the provider as soon as the signal aborts or
 * nobody reads on; throws ProviderError when it breaks off or falls silent.
 */
export async function* readsOf(
  body: ReadableStream<Uint8Array>,
  { context, timeoutMs }: Patience,
): AsyncGenerator<Uint8Array, void, void> {
  const reader = body.getReader();
  let stopped: ProviderError | undefined;
  const stop = (why: ProviderError): void => {
    stopped ??= why;
    reader.cancel().catch(() => {}); // it broke off at the same time
  };
  const onAbort = (): void =>
    stop(new ProviderError("cancelled", "Cannot answer: the request was cancelled"));
  context.signal.addEventListener("abort", onAbort);
  if (context.signal.aborted) onAbort();
  try {
    for (;;) {
      const callOff = context.after(timeoutMs, () => stop(silence(timeoutMs)));
      // oxlint-disable-next-line no-await-in-loop -- one after the other, as they come
      const { done, value } = await reader
        .read()
        .catch(() => {
          throw stopped ?? providerFailed("its answer broke off");
        })
        .finally(callOff);
      if (stopped !== undefined) throw stopped;
      if (done) return;
      yield value;
    }
  } finally {
    context.signal.removeEventListener("abort", onAbort);
    reader.cancel().catch(() => {}); // it has ended
  }
}

function silence(timeoutMs: number): ProviderError {
  return new ProviderError(
    "backend_timeout",
    `Cannot answer: the language model's provider said nothing for ${timeoutMs / 1_000} s`,
  );
}
