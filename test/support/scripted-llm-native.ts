import type { Answer, Call, Piece } from "./scripted-llm-brain.ts";
import { DONE, event, merged, parsed, stamp, usageOf, type Write } from "./scripted-llm-chunks.ts";

/** Workers AI's own form: no head, no index, no ids, arguments as objects, no finish. */
export class NativeWire {
  readonly answer: Answer;
  readonly errorChunk: (message: string) => unknown;

  constructor(answer: Answer, errorChunk: (message: string) => unknown) {
    this.answer = answer;
    this.errorChunk = errorChunk;
  }

  *stream(): Iterable<Write> {
    const { pieces, flags } = this.answer;
    for (const piece of pieces) {
      switch (piece.kind) {
        case "text":
          for (const response of piece.texts) yield event({ response, p: "abdefgh" });
          break;
        case "thought":
          break;
        case "pause":
          yield { pause: piece.ms };
          break;
        case "stamp":
          yield event({ response: stamp() });
          break;
        case "calls":
          yield event({ response: "", tool_calls: piece.calls.map((call) => this.#call(call)) });
          break;
        case "raw":
          yield piece.of === "text" ? piece.text : `data: ${piece.text}\n\n`;
          break;
        case "break":
          yield* this.#broken(piece);
          if (piece.how !== "badjson") return;
          break;
        default:
          piece satisfies never;
      }
    }
    if (!flags.has("NOUSAGE")) yield event({ response: "", usage: usageOf(this.answer) });
    if (!flags.has("NODONE")) yield DONE;
  }

  *#broken({ how, text }: Extract<Piece, { kind: "break" }>): Iterable<Write> {
    if (how === "cut" || how === "stall") yield { end: how };
    else if (how === "nofinish") yield { end: "close" };
    else if (how === "badjson") yield 'data: {"response":"half\n\n';
    else yield event(this.errorChunk(text === "" ? "scripted error" : text)) + DONE;
  }

  body(): object {
    const { pieces, flags } = this.answer;
    const texts = pieces.flatMap((piece) => (piece.kind === "text" ? piece.texts : []));
    const calls = pieces.flatMap((piece) => (piece.kind === "calls" ? piece.calls : []));
    return {
      response: texts.length > 0 ? texts.join("") : null,
      ...(calls.length > 0 && { tool_calls: calls.map((call) => this.#call(call)) }),
      ...(!flags.has("NOUSAGE") && { usage: usageOf(this.answer) }),
      ...merged(pieces, "chunk"),
    };
  }

  #call({ name, json }: Call): object {
    return { name, arguments: this.answer.args === "bad" ? '{"oops": ' : parsed(json) };
  }
}
