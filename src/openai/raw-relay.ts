import type { JsonObject } from "../core/json.ts";
import { providerFailed } from "../llm/chunk-fault.ts";
import type { LlmContext } from "../llm/language-models.ts";
import type { ProviderError } from "../llm/provider-error.ts";
import { BodyReads } from "../llm/read-body.ts";
import type { RelayedFrom } from "./raw-relay-chunk.ts";
import { asOneChunk, asWhole } from "./raw-relay-completion.ts";
import { writeChunk } from "./raw-relay-pieces.ts";
import { createSieve } from "./raw-relay-sieve.ts";
import type { SseWriter } from "./sse-writer.ts";
import { DONE, failedEnd } from "./stream-end.ts";

/** Answers with pictures in them are long; more would not fit an isolate beside others. */
const MAX_ANSWER = 16 * 1_024 * 1_024;
const LINE_FEED = 0x0a;

export type RawRelay = RelayedFrom &
  Readonly<{
    context: LlmContext;
    /** Silence of the provider longer than this ends the answer. */
    timeoutMs: number;
    /** Takes out of an error what only we may know. */
    conceal?: (error: unknown) => unknown;
  }>;

/**
 * A provider's own answer (2xx), which is not to be trusted, as events for a client, to the end;
 * never throws. Its ids and its name of the model stay.
 */
export async function relayStream(
  opened: Response | Promise<Response>,
  relay: RawRelay,
  writer: SseWriter,
): Promise<void> {
  let out: string[] = [];
  try {
    const answer = await opened;
    if (isJson(answer)) {
      out.push(...writeChunk(await readChunk(answer, relay), relay.provider), DONE);
    } else {
      const sieve = createSieve(relay);
      const decoder = new TextDecoder();
      const take = (bytes: Uint8Array): Promise<void> => {
        const isAsItCame = sieve.sift(decoder.decode(bytes, { stream: true }), out);
        // Bytes that were cut inside a letter are not in the text yet.
        const isWhole = bytes.at(-1) === LINE_FEED && bytes.byteLength <= writer.maxWrite;
        const said = out;
        out = [];
        return isAsItCame && isWhole ? writer.writeBytes(bytes) : writer.write(said);
      };
      await takeReads(answer, relay, {
        take,
        isDone: sieve.isDone,
        isEnough: sieve.isComplete,
      });
      sieve.end(out);
    }
    await writer.write(out);
  } catch (error) {
    await writer.write([...out, ...failedEnd(relay.conceal?.(error) ?? error)]);
  } finally {
    await writer.close();
  }
}

/** The same as one `chat.completion`. Throws GatewayError. */
export async function relayWhole(answer: Response, relay: RawRelay): Promise<JsonObject> {
  try {
    return asWhole(await readChunk(answer, relay));
  } catch (error) {
    throw relay.conceal?.(error) ?? error;
  }
}

async function readChunk(answer: Response, relay: RawRelay): Promise<JsonObject> {
  const decoder = new TextDecoder();
  let text = "";
  let size = 0;
  const take = (bytes: Uint8Array): void => {
    size += bytes.byteLength;
    if (size > MAX_ANSWER) throw tooLarge(relay);
    text += decoder.decode(bytes, { stream: true });
  };
  await takeReads(answer, relay, { take, isDone: () => false, isEnough: () => false });
  return asOneChunk(text + decoder.decode(), relay);
}

function tooLarge({ provider }: RawRelay): ProviderError {
  return providerFailed(provider, `its answer is over ${MAX_ANSWER / 1_024 / 1_024} MiB`);
}

type Taking = Readonly<{
  take: (bytes: Uint8Array) => Promise<void> | void;
  /** Nothing that follows is wanted. */
  isDone: () => boolean;
  /** Whether a connection that breaks now takes nothing away. */
  isEnough: () => boolean;
}>;

/** Gives `take` the answer read by read. */
async function takeReads(
  { body }: Response,
  { context, provider, timeoutMs }: RawRelay,
  { take, isDone, isEnough }: Taking,
): Promise<void> {
  const { signal, after } = context;
  const reads = new BodyReads(body, { provider, timeoutMs, signal, after });
  try {
    await reads.forEach((bytes) => {
      const taken = take(bytes);
      if (isDone()) reads.letEnd();
      return taken;
    });
    reads.letEnd();
  } catch (error) {
    if (!reads.isLost || !isEnough()) throw error;
  } finally {
    reads.letGo();
  }
}

/** Some answer whole though they were asked to stream. */
function isJson(answer: Response): boolean {
  return (answer.headers.get("content-type") ?? "").includes("json");
}
