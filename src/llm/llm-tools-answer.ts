import { GatewayError } from "../core/errors.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../core/json.ts";
import { asWireCall } from "./turn-record.ts";
import type { CallPart, FinishReason, TurnEvent, TurnEvents, TurnHead } from "./turn.ts";

/** No model says as much in one turn; what says more is no model. */
const MAX_CHARACTERS = 4 * 1_024 * 1_024;
/** A few pictures. */
const MAX_WEIGHT = 16 * 1_024 * 1_024;

/** What came with one read of the network. */
export type Heard = Readonly<{ text: string; characters: number }>;

/** A turn read to its end, as one `chat.completion`. */
export async function gatherAnswer(
  events: TurnEvents,
  onHeard: (heard: Heard) => void,
): Promise<JsonObject> {
  const answer = new Answer();
  let characters = 0;
  let weight = 0;
  await events.forEach((read) => {
    let text = "";
    const before = characters;
    for (const event of read) {
      answer.put(event);
      characters += sizeOf(event);
      weight += weightOf(event);
      if (event.kind === "delta") text += textIn(event.delta["content"]);
    }
    if (characters > MAX_CHARACTERS) {
      throw new GatewayError(
        "too_large",
        `Cannot complete the chat: the answer is longer than ${MAX_CHARACTERS} characters`,
      );
    }
    if (weight > MAX_WEIGHT) {
      throw new GatewayError(
        "too_large",
        `Cannot complete the chat: the answer holds more than ${MAX_WEIGHT / 1_024 / 1_024} MiB`,
      );
    }
    if (characters > before) onHeard({ text, characters });
  });
  return answer.completion();
}

class Answer {
  #head: TurnHead | undefined;
  readonly #message = new Map<string, JsonValue>();
  readonly #calls = new Map<number, CallPart>();
  #logprobs: JsonValue | undefined;
  #reason: FinishReason = "stop";
  #usage: JsonObject | undefined;

  put(event: TurnEvent): void {
    switch (event.kind) {
      case "head":
        this.#head = event.head;
        return;
      case "delta":
        for (const [key, value] of Object.entries(event.delta)) this.#join(key, value);
        if (event.logprobs !== undefined) {
          this.#logprobs = joined(this.#logprobs, event.logprobs);
        }
        return;
      case "call":
        this.#calls.set(event.part.position, extended(this.#calls, event.part));
        return;
      case "finish":
        this.#reason = event.reason;
        return;
      case "usage":
        this.#usage = event.usage;
        return;
      default:
        event satisfies never;
    }
  }

  completion(): JsonObject {
    const head = this.#head;
    const calls = [...this.#calls.values()]
      .toSorted((a, b) => a.position - b.position)
      .map(({ position, id = `call_${position}`, name = "", argumentText = "", extra }) =>
        asWireCall({ id, name, argumentText, ...(extra === undefined ? {} : { extra }) }),
      );
    return {
      id: head?.id ?? "",
      object: "chat.completion",
      created: head?.created ?? 0,
      model: head?.model ?? "",
      choices: [
        {
          index: 0,
          message: {
            role: "assistant",
            content: null,
            ...Object.fromEntries(this.#message),
            ...(calls.length === 0 ? {} : { tool_calls: calls }),
          },
          ...(this.#logprobs === undefined ? {} : { logprobs: this.#logprobs }),
          finish_reason: this.#reason,
        },
      ],
      ...(this.#usage === undefined ? {} : { usage: this.#usage }),
      ...(head?.systemFingerprint === undefined
        ? {}
        : { system_fingerprint: head.systemFingerprint }),
      ...(head?.serviceTier === undefined ? {} : { service_tier: head.serviceTier }),
    };
  }

  #join(key: string, value: JsonValue | undefined): void {
    if (value === undefined || value === null) return;
    this.#message.set(key, joined(this.#message.get(key), value));
  }
}

/** Texts and lists of deltas add up, objects by their members; anything else is replaced. */
function joined(before: JsonValue | undefined, more: JsonValue): JsonValue {
  if (typeof before === "string" && typeof more === "string") return before + more;
  if (Array.isArray(before) && Array.isArray(more)) return [...before, ...more];
  if (!isJsonObject(before) || !isJsonObject(more)) return more;
  const members = new Map(Object.entries(before));
  for (const [key, value] of Object.entries(more)) {
    if (value !== undefined) members.set(key, joined(members.get(key), value));
  }
  return Object.fromEntries(members);
}

function extended(calls: ReadonlyMap<number, CallPart>, part: CallPart): CallPart {
  const before = calls.get(part.position);
  if (before === undefined) return part;
  const argumentText = (before.argumentText ?? "") + (part.argumentText ?? "");
  return { ...before, ...part, argumentText };
}

function sizeOf(event: TurnEvent): number {
  if (event.kind === "call") return event.part.argumentText?.length ?? 0;
  if (event.kind !== "delta") return 0;
  return Object.values(event.delta).reduce<number>(
    (sum, value) => sum + (typeof value === "string" ? value.length : 0),
    0,
  );
}

/** Of all that is kept and is no text: pictures, probabilities, names of calls. */
function weightOf(event: TurnEvent): number {
  if (event.kind === "call") {
    const { argumentText: _, ...named } = event.part;
    return JSON.stringify(named).length;
  }
  if (event.kind !== "delta") return 0;
  return [...Object.values(event.delta), event.logprobs].reduce<number>(
    (sum, value) => sum + (isJsonObject(value) || Array.isArray(value) ? lengthOf(value) : 0),
    0,
  );
}

function lengthOf(value: JsonValue): number {
  return JSON.stringify(value).length;
}

function textIn(value: JsonValue | undefined): string {
  return typeof value === "string" ? value : "";
}
