import type { JsonObject } from "../core/json.ts";
import { ProviderError } from "./provider-error.ts";
import { ReasoningDetails } from "./turn-reasoning.ts";
import type { CallPart, FinishReason, TurnEvent } from "./turn.ts";

/** A call as the model made it, complete. */
export type RecordedCall = Readonly<{
  id: string;
  name: string;
  /** JSON text as the model wrote it; it may be no JSON. */
  argumentText: string;
  extra?: JsonObject;
}>;

/** Text of all kinds; it is kept until the turn is over, and goes back with the next. */
const MAX_CHARS = 8 * 1024 * 1024;
/** Far above what any model calls at once. */
const MAX_CALLS = 1_000;
const TEXTS = ["content", "refusal", "reasoning_content", "reasoning", "thinking"] as const;

/** Keeps what a model says in one turn, for its tools and for the next turn. */
export class TurnRecord {
  finishReason: FinishReason = "stop";
  /** As the provider told it; undefined when it did not. */
  usage: JsonObject | undefined;
  readonly #texts = new Map<string, string[]>();
  readonly #reasoning = new ReasoningDetails();
  readonly #calls: CallDraft[] = [];
  #extra: JsonObject = {};
  #chars = 0;

  /** Throws `backend_failed` where a model does not come to an end. */
  add(events: readonly TurnEvent[]): void {
    for (const event of events) {
      switch (event.kind) {
        case "head":
          break;
        case "delta":
          this.#addDelta(event.delta);
          break;
        case "call":
          this.#addPart(event.part);
          break;
        case "finish":
          this.finishReason = event.reason;
          break;
        case "usage":
          this.usage = event.usage;
          break;
        default:
          event satisfies never;
      }
    }
  }

  /** In the order they began, each with an id of its own; the same at every call of this. */
  calls(): readonly RecordedCall[] {
    const calls = this.#calls.filter((draft) => draft !== undefined);
    const taken = new Set<string>();
    for (const draft of calls) {
      if (draft.id === undefined || taken.has(draft.id)) draft.id = createCallId();
      taken.add(draft.id);
    }
    return calls.map(({ id = "", name, pieces, extra }) => ({
      id,
      name,
      argumentText: pieces.join(""),
      ...(extra === undefined ? {} : { extra }),
    }));
  }

  /**
   * The turn as it goes back to the provider. Reasoning and what came with the calls is what it was,
   * to the byte: some providers refuse the next turn without their signatures.
   */
  assistantMessage(): JsonObject {
    const calls = this.calls();
    const details = this.#reasoning.list();
    const { content = "", ...texts } = Object.fromEntries(
      [...this.#texts].map(([key, pieces]) => [key, pieces.join("")]),
    );
    return {
      role: "assistant",
      content: content === "" && calls.length > 0 ? null : content,
      ...texts,
      ...(details.length === 0 ? {} : { reasoning_details: details }),
      ...this.#extra,
      ...(calls.length === 0 ? {} : { tool_calls: calls.map(asWireCall) }),
    };
  }

  #addDelta(delta: JsonObject): void {
    for (const key of TEXTS) {
      const text = delta[key];
      if (typeof text !== "string" || text === "") continue;
      this.#count(text);
      const pieces = this.#texts.get(key);
      if (pieces === undefined) this.#texts.set(key, [text]);
      else pieces.push(text);
    }
    const { reasoning_details: details, extra_content: extra } = delta;
    if (Array.isArray(details)) {
      this.#count(JSON.stringify(details));
      this.#reasoning.add(details);
    }
    if (extra !== undefined && extra !== null) this.#extra = { extra_content: extra };
  }

  #addPart({ position, id, name, argumentText, extra }: CallPart): void {
    const draft = (this.#calls[position] ??= { id: undefined, name: "", pieces: [] });
    if (this.#calls.length > MAX_CALLS) throw endless();
    if (id !== undefined && draft.id === undefined) {
      this.#count(id);
      draft.id = id;
    }
    if (name !== undefined && draft.name === "") {
      this.#count(name);
      draft.name = name;
    }
    if (argumentText !== undefined) {
      this.#count(argumentText);
      draft.pieces.push(argumentText);
    }
    if (extra !== undefined) {
      this.#count(JSON.stringify(extra));
      draft.extra = { ...draft.extra, ...extra };
    }
  }

  #count({ length }: string): void {
    this.#chars += length;
    if (this.#chars > MAX_CHARS) throw endless();
  }
}

type CallDraft = { id: string | undefined; name: string; pieces: string[]; extra?: JsonObject };

/** The call in OpenAI's form, for providers and clients alike. */
export function asWireCall({ id, name, argumentText, extra }: RecordedCall): JsonObject {
  return extra?.["type"] === "custom"
    ? { id, ...extra, custom: { name, input: argumentText } }
    : { id, type: "function", function: { name, arguments: argumentText }, ...extra };
}

/** OpenAI's own form of ids. */
export function createCallId(): string {
  return `call_${crypto.randomUUID().replaceAll("-", "").slice(0, 24)}`;
}

function endless(): ProviderError {
  return new ProviderError("backend_failed", "Cannot answer: the model's turn is too long");
}
