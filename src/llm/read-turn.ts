import { providerFailed } from "./chunk-fault.ts";
import { BodyReads, type Waiting } from "./read-body.ts";
import { readEventStream, type TurnText } from "./read-event-stream.ts";
import { readWholeTurn } from "./read-whole-turn.ts";
import type { TurnEvent, TurnEvents } from "./turn.ts";

/**
 * What a provider answers, as events: a stream or one JSON object, in any of the forms providers
 * give to either. To be gone through once. The provider is let go of when nobody reads on.
 */
export function readTurn(response: Response, waiting: Waiting): TurnEvents {
  const turn = new TurnReading(response, waiting);
  return { [Symbol.asyncIterator]: () => turn };
}

/** By hand, because each `yield` of a generator costs what parsing a chunk does. */
class TurnReading implements AsyncIterator<readonly TurnEvent[]> {
  readonly #reads: BodyReads;
  readonly #provider: string;
  readonly #decoder = new TextDecoder();
  #text: TurnText | undefined;
  /** Thrown when all that came before has been told. */
  #failure: Readonly<{ error: unknown }> | undefined;
  #isOver = false;

  constructor({ body }: Response, waiting: Waiting) {
    this.#reads = new BodyReads(body, waiting);
    this.#provider = waiting.provider;
  }

  async next(): Promise<IteratorResult<readonly TurnEvent[], undefined>> {
    const events: TurnEvent[] = [];
    while (events.length === 0) {
      if (this.#failure !== undefined) throw this.#takeFailure(this.#failure);
      if (this.#isOver) return OVER;
      // oxlint-disable-next-line no-await-in-loop -- one after the other, as they come
      await this.#readInto(events);
    }
    return { done: false, value: events };
  }

  async return(): Promise<IteratorResult<readonly TurnEvent[], undefined>> {
    this.#isOver = true;
    this.#failure = undefined;
    this.#reads.letGo();
    return OVER;
  }

  async #readInto(events: TurnEvent[]): Promise<void> {
    try {
      const bytes = await this.#nextBytes();
      if (bytes === undefined) this.#end(events);
      else this.#feed(this.#decoder.decode(bytes, { stream: true }), events);
      if (!this.#isOver) return;
      this.#reads.letEnd();
    } catch (error) {
      this.#failure = { error };
      this.#isOver = true;
      this.#reads.letGo();
    }
  }

  /** Undefined at the end, which may be a broken connection once the answer is complete. */
  async #nextBytes(): Promise<Uint8Array | undefined> {
    try {
      return await this.#reads.next();
    } catch (error) {
      if (this.#text?.isEnough() !== true || this.#reads.wasCancelled) throw error;
      return undefined;
    }
  }

  #feed(text: string, events: TurnEvent[]): void {
    this.#text ??= this.#begin(text);
    this.#text?.feed(text, events);
    this.#isOver = this.#text?.isComplete() ?? false;
  }

  #end(events: TurnEvent[]): void {
    if (this.#text === undefined) throw providerFailed(this.#provider, "its answer is empty");
    this.#isOver = true;
    this.#text.end(events);
  }

  /** No field of an event stream begins like JSON or a page; what the headers say is not reliable. */
  #begin(text: string): TurnText | undefined {
    const first = text.trimStart().charAt(0);
    if (first === "") return undefined;
    if (first === "<") throw providerFailed(this.#provider, "it answered with a page");
    return first === "{" || first === "["
      ? readWholeTurn(this.#provider)
      : readEventStream(this.#provider);
  }

  #takeFailure({ error }: Readonly<{ error: unknown }>): unknown {
    this.#failure = undefined;
    return error;
  }
}

const OVER = { done: true, value: undefined } as const;
