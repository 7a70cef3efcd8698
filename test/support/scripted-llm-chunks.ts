import { randomUUID } from "node:crypto";
import type { ChatRequest } from "./scripted-llm-ask.ts";
import type { Answer, Call, Piece } from "./scripted-llm-brain.ts";
import type { Personality } from "./scripted-llm-personalities.ts";

/** Bytes of one network write, or the place where the connection ends or falls silent. */
export type Write = string | Readonly<{ end: "cut" | "stall" | "close" }>;

type Delta = Readonly<Record<string, unknown>>;

export const DONE = "data: [DONE]\n\n";

/** An answer as OpenAI's dialect has it, bent as the personality bends it. */
export class ChatWire {
  readonly request: ChatRequest;
  readonly answer: Answer;
  readonly personality: Personality;
  readonly #head: Delta;

  constructor(request: ChatRequest, answer: Answer, personality: Personality) {
    this.request = request;
    this.answer = answer;
    this.personality = personality;
    this.#head = {
      id: `chatcmpl-${randomUUID()}`,
      created: Math.floor(Date.now() / 1000),
      model: request.model ?? "scripted-1",
      ...personality.marks,
    };
  }

  /** The finish as the wire spells it. */
  get #finish(): string {
    const { flags, finish } = this.answer;
    const reason = this.personality.reasonOf(finish);
    return flags.has("UPPER") ? reason.toUpperCase() : reason;
  }

  *stream(): Iterable<Write> {
    const { answer, personality } = this;
    const { usage, flags } = { usage: this.#usage(), flags: answer.flags };
    yield* personality.preamble;
    yield this.#chunk({ role: "assistant", content: "" });
    for (const piece of answer.pieces) {
      if (piece.kind !== "break") {
        yield* this.#writes(piece);
        continue;
      }
      yield* this.#broken(piece);
      if (piece.how !== "badjson") return;
    }
    const onFinish = personality.usage === "finish" && usage !== undefined ? { usage } : {};
    yield this.#chunk({}, { finish: this.#finish, ...personality.finishMarks, ...onFinish });
    const asked = this.request.stream_options?.include_usage === true;
    if (
      usage !== undefined &&
      (personality.usage === "always" || (personality.usage === "asked" && asked))
    ) {
      yield event({ ...this.#head, object: "chat.completion.chunk", choices: [], usage });
    }
    if (!flags.has("NODONE")) yield DONE;
  }

  *#broken({ how, text }: Extract<Piece, { kind: "break" }>): Iterable<Write> {
    switch (how) {
      case "cut":
      case "stall":
        yield { end: how };
        return;
      case "nofinish":
        yield { end: "close" };
        return;
      case "badjson":
        yield 'data: {"choices":[{"delta":{"content":"half\n\n';
        return;
      case "chunk":
        yield event(this.personality.errorChunk(text === "" ? "scripted error" : text));
        if (!this.answer.flags.has("NODONE")) yield DONE;
        return;
      default:
        how satisfies never;
    }
  }

  /** Not streamed. */
  body(): object {
    const { answer, personality } = this;
    const usage = this.#usage();
    const texts = answer.pieces.flatMap((piece) => (piece.kind === "text" ? piece.texts : []));
    const calls = answer.pieces.flatMap((piece) => (piece.kind === "calls" ? piece.calls : []));
    const lost = answer.pieces.some((piece) => piece.kind === "break" && piece.how === "nofinish");
    const message = {
      role: "assistant",
      content: texts.length > 0 ? texts.join("") : null,
      refusal: null,
      ...this.#thoughtBody(texts.join("")),
      ...(calls.length > 0 && { tool_calls: calls.map((call) => this.#wholeCall(call)) }),
      ...merged(answer.pieces, "delta"),
    };
    const choice = { index: 0, message, logprobs: null, finish_reason: lost ? null : this.#finish };
    return {
      ...this.#head,
      object: "chat.completion",
      choices: [choice],
      ...(usage && { usage }),
      ...personality.finishMarks,
      ...merged(answer.pieces, "chunk"),
    };
  }

  #thoughtBody(text: string): Delta {
    const thoughts = this.answer.pieces.flatMap((piece) =>
      piece.kind === "thought" ? piece.texts : [],
    );
    if (thoughts.length === 0) return {};
    const delta = this.personality.thought(thoughts.join(""));
    const { content } = delta;
    return Array.isArray(content)
      ? { content: [...content, { type: "text", text }] }
      : withoutContent(delta);
  }

  *#writes(piece: Exclude<Piece, { kind: "break" }>): Iterable<string> {
    if (piece.kind === "raw") {
      if (piece.of === "text") yield piece.text;
      else yield piece.of === "chunk" ? `data: ${piece.text}\n\n` : this.#chunk(parsed(piece.text));
      return;
    }
    if (piece.kind === "calls") {
      for (const delta of this.#callDeltas(piece.calls)) yield this.#chunk({ tool_calls: [delta] });
      return;
    }
    const deltaOf =
      piece.kind === "text" ? (content: string): Delta => ({ content }) : this.personality.thought;
    for (let at = 0; at < piece.texts.length; at += piece.perWrite) {
      const batch = piece.texts.slice(at, at + piece.perWrite);
      yield batch.map((text) => this.#chunk(deltaOf(text))).join("");
    }
    const end = this.personality.thoughtEnd;
    if (piece.kind === "thought" && end !== undefined) yield this.#chunk(end);
  }

  #callDeltas(calls: readonly Call[]): readonly Delta[] {
    const all = calls.map((call) => this.#piecesOf(call));
    if (!this.answer.flags.has("INTERLEAVE")) return all.flat();
    const longest = Math.max(...all.map((pieces) => pieces.length));
    return Array.from({ length: longest }, (_, round) =>
      all.flatMap((pieces) => pieces.slice(round, round + 1)),
    ).flat();
  }

  #piecesOf(call: Call): readonly Delta[] {
    const { flags } = this.answer;
    const index =
      this.personality.withIndex && !flags.has("NOINDEX") ? { index: call.position } : {};
    const id = this.#idOf(call);
    const head = { ...index, ...(id !== undefined && { id }), type: "function" };
    const extra = this.personality.callExtra(call);
    const { whole, pieces } = this.#argumentsOf(call);
    const first = { ...head, function: { name: call.name, arguments: whole }, ...extra };
    let again: Delta = {};
    if (flags.has("REPEATID")) again = { id };
    if (flags.has("EMPTYID")) again = { id: "" };
    return [
      first,
      ...pieces.map((piece) => ({ ...index, ...again, function: { arguments: piece } })),
    ];
  }

  #wholeCall(call: Call): Delta {
    const id = this.#idOf(call);
    const style = this.answer.args ?? this.personality.args;
    const { whole, pieces } = this.#argumentsOf(call);
    return {
      ...(id !== undefined && { id }),
      type: "function",
      function: {
        name: call.name,
        arguments: style === "object" ? whole : [whole, ...pieces].join(""),
      },
      ...this.personality.callExtra(call),
    };
  }

  #idOf({ position }: Call): string | undefined {
    const { flags } = this.answer;
    if (flags.has("NOID")) return undefined;
    return this.personality.idOf(this.request.messages.length, flags.has("SAMEID") ? 0 : position);
  }

  #argumentsOf({ json }: Call): Readonly<{ whole: unknown; pieces: readonly string[] }> {
    const style = this.answer.args ?? this.personality.args;
    switch (style) {
      case "split":
        return { whole: "", pieces: json.match(/[^]{1,5}/gu) ?? [] };
      case "string":
        return { whole: "", pieces: [json] };
      case "whole":
        return { whole: json, pieces: [] };
      case "object":
        return { whole: parsed(json), pieces: [] };
      case "bad":
        return { whole: "", pieces: ['{"oops": ', "[1, "] };
      case "empty":
        return { whole: "", pieces: [] };
      default:
        return style satisfies never;
    }
  }

  #chunk(delta: Delta, last: Readonly<{ finish?: string }> & Delta = {}): string {
    const { finish = null, ...more } = last;
    return event({
      ...this.#head,
      object: "chat.completion.chunk",
      choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
      ...(this.request.stream_options?.include_usage === true && { usage: null }),
      ...more,
    });
  }

  #usage(): object | undefined {
    return this.answer.flags.has("NOUSAGE") ? undefined : usageOf(this.answer);
  }
}

export function usageOf({ tokens: { messages, words, thoughts } }: Answer): object {
  return {
    prompt_tokens: messages,
    completion_tokens: words + thoughts,
    total_tokens: messages + words + thoughts,
    prompt_tokens_details: { cached_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: thoughts },
  };
}

export function event(chunk: unknown): string {
  return `data: ${JSON.stringify(chunk)}\n\n`;
}

export function parsed(json: string): Delta {
  return JSON.parse(json);
}

/** What RAW lines add to an answer that is not streamed. */
export function merged(pieces: readonly Piece[], of: "delta" | "chunk"): Delta {
  return Object.assign(
    {},
    ...pieces.map((piece) => (piece.kind === "raw" && piece.of === of ? parsed(piece.text) : {})),
  );
}

function withoutContent(delta: Delta): Delta {
  return Object.fromEntries(Object.entries(delta).filter(([key]) => key !== "content"));
}
