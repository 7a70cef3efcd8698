import { randomUUID } from "node:crypto";
import type { ChatRequest } from "./scripted-llm-ask.ts";
import * as z from "zod";
import type { Answer, Piece } from "./scripted-llm-brain.ts";
import { type CallShape, callDeltas, wholeCall } from "./scripted-llm-calls.ts";
import type { Personality } from "./scripted-llm-personalities.ts";

/** Bytes of one network write, or the place where the connection ends or falls silent. */
export type Write =
  | string
  | Readonly<{ pause: number }>
  | Readonly<{ end: "cut" | "stall" | "close" }>;

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

  get #calls(): CallShape {
    return {
      answer: this.answer,
      personality: this.personality,
      messages: this.request.messages.length,
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
      ...(calls.length > 0 && { tool_calls: calls.map((call) => wholeCall(call, this.#calls)) }),
      ...merged(answer.pieces, "delta"),
    };
    const choices = Array.from({ length: this.#choices }, (_, index) => ({
      index,
      message,
      logprobs: this.#logprobsOf(message.content),
      finish_reason: lost ? null : this.#finish,
    }));
    return {
      ...this.#head,
      object: "chat.completion",
      choices,
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

  *#writes(piece: Exclude<Piece, { kind: "break" }>): Iterable<Write> {
    if (piece.kind === "pause") {
      yield { pause: piece.ms };
      return;
    }
    if (piece.kind === "stamp") {
      for (let left = piece.count; left > 0; left -= 1) yield this.#chunk({ content: stamp() });
      return;
    }
    if (piece.kind === "raw") {
      if (piece.of === "text") yield piece.text;
      else yield piece.of === "chunk" ? `data: ${piece.text}\n\n` : this.#chunk(parsed(piece.text));
      return;
    }
    if (piece.kind === "calls") {
      for (const delta of callDeltas(piece.calls, this.#calls))
        yield this.#chunk({ tool_calls: [delta] });
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

  #chunk(delta: Delta, last: Readonly<{ finish?: string }> & Delta = {}): string {
    const { finish = null, ...more } = last;
    const logprobs = this.#logprobsOf(delta["content"]);
    return Array.from({ length: this.#choices }, (_, index) =>
      event({
        ...this.#head,
        object: "chat.completion.chunk",
        choices: [{ index, delta, logprobs, finish_reason: finish }],
        ...(this.request.stream_options?.include_usage === true && { usage: null }),
        ...more,
      }),
    ).join("");
  }

  /** Every choice is the same. */
  get #choices(): number {
    return z.number().int().positive().catch(1).parse(this.request["n"]);
  }

  #logprobsOf(content: unknown): object | null {
    if (this.request["logprobs"] !== true || typeof content !== "string" || content === "")
      return null;
    return {
      content: [{ token: content, logprob: -0.25, bytes: null, top_logprobs: [] }],
      refusal: null,
    };
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

/** `@` and the milliseconds since 1970, as it is written. */
export function stamp(): string {
  return `@${(performance.timeOrigin + performance.now()).toFixed(3)} `;
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
