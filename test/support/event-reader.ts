import type { JsonObject } from "../../src/core/json.ts";

export type ReadEvent = Readonly<{
  id: string | undefined;
  /** Undefined for an event without data. */
  message: JsonObject | undefined;
}>;

/** Reads one answer of the gateway event by event; JSON counts as one event. */
export class EventReader {
  readonly response: Response;
  /** Everything read so far. */
  readonly seen: ReadEvent[] = [];
  readonly #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  readonly #decoder = new TextDecoder();
  readonly #isStream: boolean;
  #text = "";
  #isOver = false;

  constructor(response: Response) {
    this.response = response;
    this.#reader = response.body?.getReader();
    this.#isStream = response.headers.get("content-type")?.startsWith("text/event-stream") ?? false;
  }

  get lastId(): string {
    return this.seen.findLast(({ id }) => id !== undefined)?.id ?? "";
  }

  get messages(): JsonObject[] {
    return this.seen.map(({ message }) => message).filter((message) => message !== undefined);
  }

  /** Undefined at the end, also when that is a broken connection. */
  async next(): Promise<ReadEvent | undefined> {
    for (;;) {
      const event = this.#take();
      if (event !== undefined) {
        this.seen.push(event);
        return event;
      }
      if (this.#isOver) return undefined;
      const { value, done } = (await this.#reader?.read().catch(() => undefined)) ?? {
        value: undefined,
        done: true,
      };
      if (value !== undefined) this.#text += this.#decoder.decode(value, { stream: true });
      this.#isOver = done;
    }
  }

  /** The first message that fits; fails with what came instead when the stream ends before. */
  async until(fits: (message: JsonObject) => boolean): Promise<JsonObject> {
    for (;;) {
      const event = await this.next();
      if (event === undefined) {
        throw new Error(`not before the end of ${JSON.stringify(this.messages)}`);
      }
      if (event.message !== undefined && fits(event.message)) return event.message;
    }
  }

  /** The message with a result or an error. */
  answer(): Promise<JsonObject> {
    return this.until((message) => "result" in message || "error" in message);
  }

  /** A question of a backend. */
  question(): Promise<JsonObject> {
    return this.until((message) => "id" in message && "method" in message);
  }

  async rest(): Promise<JsonObject[]> {
    const from = this.messages.length;
    while ((await this.next()) !== undefined);
    return this.messages.slice(from);
  }

  /** Hangs up. */
  async leave(): Promise<void> {
    await this.#reader?.cancel().catch(() => {}); // broken already
  }

  #take(): ReadEvent | undefined {
    if (!this.#isStream) {
      if (!this.#isOver || this.#text === "") return undefined;
      const message = JSON.parse(this.#text) as JsonObject;
      this.#text = "";
      return { id: undefined, message };
    }
    for (;;) {
      const end = this.#text.indexOf("\n\n");
      if (end < 0) return undefined;
      const lines = this.#text.slice(0, end).split("\n");
      this.#text = this.#text.slice(end + 2);
      if (lines.every((line) => line.startsWith(":"))) continue;
      const field = (name: string): string | undefined =>
        lines
          .find((line) => line.startsWith(`${name}:`))
          ?.slice(name.length + 1)
          .trim();
      const data = field("data") ?? "";
      return {
        id: field("id"),
        message: data === "" ? undefined : (JSON.parse(data) as JsonObject),
      };
    }
  }
}
