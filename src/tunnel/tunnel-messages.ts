import { encodePiece, flaw, type Frame, parseFrame, type Piece } from "./tunnel-frame.ts";
import { MAX_FRAME } from "./tunnel-protocol.ts";

/** What a reader gives: frames with their messages joined; `partial` is nothing to act on yet. */
export type Incoming = Exclude<Frame, { kind: "piece" }> | Readonly<{ kind: "partial" }>;

/** A message has 16 pieces when they are as long as they may be; no end needs them this short. */
const MAX_PIECES = 1_024;

/**
 * Reads one connection. Pieces of one message follow each other; nothing but frames that are no
 * messages may come between them, so that an end which loses its memory in the middle of a message
 * is noticed at the next piece.
 */
export class TunnelReader {
  readonly #maxMessage: number;
  #pieces: string[] = [];
  #length = 0;
  #id: number | undefined;

  /** `maxMessage`: the longest message this end takes, in UTF-16 units. */
  constructor(maxMessage: number) {
    this.#maxMessage = maxMessage;
  }

  /** Whatever came out of the socket; never throws. After a flaw the connection is over. */
  read(data: unknown): Incoming {
    const frame = parseFrame(data);
    if (frame.kind === "piece") return this.#join(frame.piece);
    if (frame.kind === "message" && this.#id !== undefined) {
      return flaw("a message came before the last piece of another");
    }
    return frame;
  }

  #join({ id, index, last, text }: Piece): Incoming {
    if (this.#id !== undefined && id !== this.#id) return flaw("pieces of two messages are mixed");
    if (index !== this.#pieces.length) return flaw("a piece is not in its place");
    if (text.length === 0) return flaw("a piece is empty");
    if (index >= MAX_PIECES) return flaw("a message comes in too many pieces");
    this.#id = id;
    this.#length += text.length;
    this.#pieces.push(text);
    if (this.#length > this.#maxMessage) return flaw("a message is too long");
    if (!last) return { kind: "partial" };
    const whole = this.#pieces.join("");
    this.#pieces = [];
    this.#length = 0;
    this.#id = undefined;
    return whole.startsWith("{") || whole.startsWith("[")
      ? { kind: "message", text: whole }
      : flaw("pieces make no message");
  }
}

/** Writes the messages of one connection. */
export class TunnelWriter {
  readonly #maxMessage: number;
  readonly #maxFrame: number;
  #sent = 0;

  /** What the other end takes, in UTF-16 units; a connector learns it from the welcome. */
  constructor(maxMessage: number, maxFrame: number = MAX_FRAME) {
    this.#maxMessage = maxMessage;
    this.#maxFrame = Math.min(maxFrame, MAX_FRAME);
  }

  /**
   * The frames of one message, to be sent one right after the other; undefined: it is too long for
   * the other end, and whoever waits for it is to be told.
   */
  frames(message: string): readonly string[] | undefined {
    const text = message.trim();
    if (text.length > this.#maxMessage) return undefined;
    if (text.length <= this.#maxFrame) return [text];
    this.#sent += 1;
    const frames: string[] = [];
    for (let at = 0; at < text.length;) {
      const end = wholeCharacters(text, at + this.#maxFrame);
      const last = end >= text.length;
      frames.push(
        encodePiece({ id: this.#sent, index: frames.length, last, text: text.slice(at, end) }),
      );
      at = end;
    }
    return frames;
  }
}

/** Half of a surrogate pair would not survive the way. */
function wholeCharacters(text: string, end: number): number {
  if (end >= text.length) return text.length;
  const unit = text.charCodeAt(end - 1);
  return unit >= 0xd800 && unit <= 0xdbff ? end - 1 : end;
}
