import { redactText } from "../core/redact.ts";
import { LineReader } from "../shell/line-reader.ts";

const MAX_LINES = 20;
const MAX_LINE = 300;

/**
 * What a local server wrote to its stderr, the last lines of it: shown when it dies, forgotten
 * otherwise. The values of its environment and what looks like a credential are masked.
 */
export class LastWords {
  readonly #conceal: (text: string) => string;
  readonly #onLine: (line: string) => void;
  readonly #lines: string[] = [];
  readonly #reader = new LineReader(64 * 1_024, {
    onLine: (line) => this.#keep(line),
    onTooLong: (head) => this.#keep(head),
  });

  constructor(conceal: (text: string) => string, onLine: (line: string) => void = () => {}) {
    this.#conceal = conceal;
    this.#onLine = onLine;
  }

  read(chunk: string): void {
    this.#reader.read(chunk);
  }

  /** The line that says most: the last one that names an error, or else the last one. */
  reason(): string | undefined {
    return (
      this.#lines.findLast((line) => /error|cannot|fail|not found/i.test(line)) ??
      this.#lines.at(-1)
    );
  }

  #keep(line: string): void {
    if (line.trim() === "") return;
    let text = this.#conceal(line.slice(0, MAX_LINE * 4));
    // oxlint-disable-next-line no-control-regex -- colour codes are control characters
    text = redactText(text.replaceAll(/\u001b\[[0-9;]*[A-Za-z]/g, ""), MAX_LINE);
    this.#lines.push(text);
    if (this.#lines.length > MAX_LINES) this.#lines.shift();
    this.#onLine(text);
  }
}
