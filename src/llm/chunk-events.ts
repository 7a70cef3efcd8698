import { isJsonObject, type JsonObject, type JsonValue } from "../core/json.ts";
import { CallPieces } from "./chunk-calls.ts";
import { cleanDelta } from "./chunk-delta.ts";
import { faultOf, findFault, providerFailed } from "./chunk-fault.ts";
import { parseFinish } from "./chunk-finish.ts";
import type { FinishReason, TurnEvent, TurnHead } from "./turn.ts";

/**
 * Makes events out of the chunks of one turn. Only what is named here gets through: other keys
 * beside `choices` are orders to Open WebUI, one of which runs JavaScript in its user's browser.
 */
export class ChunkEvents {
  readonly #provider: string;
  readonly #calls = new CallPieces();
  #hasHead = false;
  #hasCalledFunction = false;
  #finish: FinishReason | undefined;
  #usage: JsonObject | undefined;

  constructor(provider: string) {
    this.#provider = provider;
  }

  /** The provider said that, and why, the turn is over. */
  get isFinished(): boolean {
    return this.#finish !== undefined;
  }

  /** Throws ProviderError for a chunk that tells of a failure. */
  read(chunk: JsonObject, events: TurnEvent[]): void {
    const fault = findFault(this.#provider, chunk);
    if (fault !== undefined) throw fault;
    const { usage } = chunk;
    if (isJsonObject(usage)) this.#usage = usage;
    const choice = choiceOf(chunk);
    if (choice === undefined) return;
    if (!this.#hasHead) {
      this.#hasHead = true;
      events.push({ kind: "head", head: headOf(chunk) });
    }
    const { delta, message, finish_reason: reason } = choice;
    if (isJsonObject(choice["error"])) throw faultOf(this.#provider, choice["error"]);
    if (isJsonObject(delta)) this.#readDelta(delta, choice["logprobs"], events);
    else if (isJsonObject(message)) {
      this.#readDelta(withPlaces(message), choice["logprobs"], events);
    }
    if (isJsonObject(choice["usage"])) this.#usage = choice["usage"];
    if (typeof reason === "string" && reason !== "") this.#noteFinish(reason);
  }

  /** What ends the turn. Without a reason from the provider the answer is taken as complete. */
  end(events: TurnEvent[]): void {
    if (!this.#hasHead) events.push({ kind: "head", head: headOf({}) });
    const hasCalls = this.#calls.size > 0 || this.#hasCalledFunction;
    const said = this.#finish ?? "stop";
    const reason = said === "stop" || said === "tool_calls" ? wordFor(hasCalls) : said;
    events.push({ kind: "finish", reason });
    if (this.#usage !== undefined) events.push({ kind: "usage", usage: this.#usage });
  }

  #readDelta(said: JsonObject, logprobs: JsonValue | undefined, events: TurnEvent[]): void {
    const delta = cleanDelta(said);
    if (delta !== undefined) {
      events.push(
        logprobs === undefined || logprobs === null
          ? { kind: "delta", delta }
          : { kind: "delta", delta, logprobs },
      );
      if (isJsonObject(delta["function_call"])) this.#hasCalledFunction = true;
    }
    const { tool_calls: pieces } = said;
    if (!Array.isArray(pieces)) return;
    for (const piece of pieces) {
      const part = this.#calls.read(piece);
      if (part !== undefined) events.push({ kind: "call", part });
    }
  }

  #noteFinish(reason: string): void {
    const finish = parseFinish(reason);
    if (finish === "failure") throw providerFailed(this.#provider, undefined);
    // Repeated by some on every chunk that follows, there with another word.
    this.#finish ??= finish;
  }
}

/** In one piece each call is whole: no other is meant, even where both have one id. */
function withPlaces(message: JsonObject): JsonObject {
  const { tool_calls: calls } = message;
  if (!Array.isArray(calls) || calls.length < 2) return message;
  return {
    ...message,
    tool_calls: calls.map((call: JsonValue, index) =>
      isJsonObject(call) ? { ...call, index } : call,
    ),
  };
}

function wordFor(hasCalls: boolean): FinishReason {
  return hasCalls ? "tool_calls" : "stop";
}

/** The first of several answers; Workers AI has a dialect of its own, without choices. */
function choiceOf(chunk: JsonObject): JsonObject | undefined {
  const { choices } = chunk;
  if (!Array.isArray(choices)) return nativeChoice(chunk);
  for (const choice of choices) {
    if (isJsonObject(choice) && (choice["index"] ?? 0) === 0) return choice;
  }
  return undefined;
}

function nativeChoice(chunk: JsonObject): JsonObject | undefined {
  const { response, tool_calls } = chunk;
  if (response === undefined && !Array.isArray(tool_calls)) return undefined;
  return { delta: { content: response ?? null, tool_calls: tool_calls ?? null } };
}

/** Empty and 0 where the provider tells nothing. */
function headOf({ id, created, model, system_fingerprint, service_tier }: JsonObject): TurnHead {
  return {
    id: typeof id === "string" ? id : "",
    created: typeof created === "number" ? created : 0,
    model: typeof model === "string" ? model : "",
    ...(typeof system_fingerprint === "string" ? { systemFingerprint: system_fingerprint } : {}),
    ...(typeof service_tier === "string" ? { serviceTier: service_tier } : {}),
  };
}
