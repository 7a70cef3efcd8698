import { providerFailed } from "./chunk-fault.ts";
import { BodyReads, type Waiting } from "./read-body.ts";
import { readEventStream, type TurnText } from "./read-event-stream.ts";
import { readWholeTurn } from "./read-whole-turn.ts";
import type { TurnEvent, TurnEvents } from "./turn.ts";

/**
 * What a provider answers, as events: a stream or one JSON object, in any of the forms providers
 * give to either. The provider is let go of when `take` throws.
 */
export function readTurn(response: Response, waiting: Waiting): TurnEvents {
  const turn = new TurnReading(response, waiting);
  return { forEach: (take) => turn.tell(take) };
}

type Take = Parameters<TurnEvents["forEach"]>[0];

class TurnReading {
  readonly #reads: BodyReads;
  readonly #provider: string;
  readonly #decoder = new TextDecoder();
  #text: TurnText | undefined;

  constructor({ body }: Response, waiting: Waiting) {
    this.#reads = new BodyReads(body, waiting);
    this.#provider = waiting.provider;
  }

  async tell(take: Take): Promise<void> {
    try {
      await this.#readAll(take);
      if (this.#text?.isComplete() !== true) await this.#give(take, (events) => this.#end(events));
      this.#reads.letEnd();
    } finally {
      this.#reads.letGo();
    }
  }

  /** A connection may break, or fall silent, once the answer is complete. */
  async #readAll(take: Take): Promise<void> {
    try {
      await this.#reads.forEach((bytes) => this.#give(take, (events) => this.#feed(bytes, events)));
    } catch (error) {
      if (!this.#reads.isLost || this.#text?.isEnough() !== true) throw error;
    }
  }

  /** A failure is thrown when all that came before it has been told. */
  #give(take: Take, add: (events: TurnEvent[]) => void): Promise<void> | void {
    const events: TurnEvent[] = [];
    try {
      add(events);
    } catch (error) {
      this.#reads.letGo();
      return giveThenThrow(take, events, error);
    }
    return events.length === 0 ? undefined : take(events);
  }

  #feed(bytes: Uint8Array, events: TurnEvent[]): void {
    const text = this.#decoder.decode(bytes, AS_STREAM);
    this.#text ??= this.#begin(text);
    this.#text?.feed(text, events);
    if (this.#text?.isComplete() === true) this.#reads.letEnd();
  }

  #end(events: TurnEvent[]): void {
    if (this.#text === undefined) throw providerFailed(this.#provider, "its answer is empty");
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
}

const AS_STREAM = { stream: true };

async function giveThenThrow(take: Take, events: TurnEvent[], error: unknown): Promise<never> {
  if (events.length > 0) await take(events);
  throw error;
}
