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
      try {
        // oxlint-disable-next-line no-await-in-loop -- one after the other, as they come
        this.#take(await this.#reads.next(), events);
      } catch (error) {
        this.#fail(error, events);
      }
    }
    return { done: false, value: events };
  }

  async return(): Promise<IteratorResult<readonly TurnEvent[], undefined>> {
    this.#isOver = true;
    this.#failure = undefined;
    this.#reads.letGo();
    return OVER;
  }

  #take(bytes: Uint8Array | undefined, events: TurnEvent[]): void {
    if (bytes === undefined) this.#end(events);
    else this.#feed(this.#decoder.decode(bytes, { stream: true }), events);
    if (this.#isOver) this.#reads.letEnd();
  }

  /** A connection may break, or fall silent, once the answer is complete. */
  #fail(error: unknown, events: TurnEvent[]): void {
    this.#isOver = true;
    this.#reads.letGo();
    if (this.#reads.isLost && this.#text?.isEnough() === true) this.#text.end(events);
    else this.#failure = { error };
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
