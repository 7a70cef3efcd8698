export type LineHandlers = Readonly<{
  onLine: (line: string) => void;
  /** A line over the limit: how it began, for whoever has to be told. */
  onTooLong: (head: string, tail: string) => void;
}>;

/** Enough of a line to see whose it is. */
const SEEN_OF_LONG = 1_024;

/**
 * Lines out of chunks of text, each read once. A line that is too long is passed over as it comes,
 * so that a program which never ends its line takes no more memory than the limit.
 */
export class LineReader {
  readonly #limit: number;
  readonly #handlers: LineHandlers;
  #parts: string[] = [];
  #length = 0;
  /** The head of the line that is being passed over. */
  #passing: string | undefined;
  #tail = "";

  constructor(limit: number, handlers: LineHandlers) {
    this.#limit = limit;
    this.#handlers = handlers;
  }

  read(chunk: string): void {
    let start = 0;
    for (;;) {
      const end = chunk.indexOf("\n", start);
      if (end === -1) break;
      this.#add(chunk.slice(start, end));
      this.#finish();
      start = end + 1;
    }
    if (start < chunk.length) this.#add(chunk.slice(start));
  }

  /** What came last may have no end of its own. */
  end(): void {
    if (this.#length > 0 || this.#passing !== undefined) this.#finish();
  }

  #add(text: string): void {
    if (this.#passing !== undefined) {
      this.#tail = (this.#tail + text).slice(-SEEN_OF_LONG);
      return;
    }
    this.#parts.push(text);
    this.#length += text.length;
    if (this.#length <= this.#limit) return;
    const line = this.#parts.join("");
    this.#passing = line.slice(0, SEEN_OF_LONG);
    this.#tail = line.slice(-SEEN_OF_LONG);
    this.#parts = [];
    this.#length = 0;
  }

  #finish(): void {
    if (this.#passing !== undefined) {
      const [head, tail] = [this.#passing, this.#tail];
      this.#passing = undefined;
      this.#tail = "";
      this.#handlers.onTooLong(head, tail);
      return;
    }
    const line = this.#parts.join("");
    this.#parts = [];
    this.#length = 0;
    this.#handlers.onLine(line.endsWith("\r") ? line.slice(0, -1) : line);
  }
}
