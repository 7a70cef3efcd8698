import type { LoopLimits } from "../config/llm-config.ts";
import { isJsonObject, type JsonObject } from "../core/json.ts";

/** The last answer needs time too: tools are stopped this long before the end. */
const LAST_ANSWER_MS = 30_000;
/** A model that insists gets the same answer again; the third time it is told. */
const SAME_CALLS = 2;

/** What one answer may still use. */
export class Budget {
  readonly #limits: LoopLimits;
  readonly #now: () => number;
  readonly #endsAt: number;
  readonly #made = new Map<string, number>();
  #turns = 0;
  #calls = 0;
  #tokens = 0;
  #isStuck = false;

  constructor(limits: LoopLimits, now: () => number) {
    this.#limits = limits;
    this.#now = now;
    this.#endsAt = now() + limits.maxMs;
  }

  get turns(): number {
    return this.#turns;
  }

  noteTurn(usage: JsonObject | undefined): void {
    this.#turns += 1;
    const tokens = isJsonObject(usage) ? usage["completion_tokens"] : undefined;
    // What a provider tells gives nothing back.
    if (typeof tokens === "number" && tokens > 0) this.#tokens += tokens;
  }

  /** Why this call is not to be made, as the model reads it; undefined: it is counted, and may be. */
  refuseCall(name: string, argumentText: string): string | undefined {
    if (this.#calls >= this.#limits.maxCalls) {
      return `Error: not run: an answer may make ${this.#limits.maxCalls} calls, and they are used up`;
    }
    const key = `${name} ${argumentText}`;
    const made = this.#made.get(key) ?? 0;
    if (made >= SAME_CALLS) {
      this.#isStuck = true;
      return `Error: not run: the same call was made ${made} times already, with the results above`;
    }
    this.#made.set(key, made + 1);
    this.#calls += 1;
    return undefined;
  }

  /** No more calls: the next turn is the last. */
  isSpent(): boolean {
    const { maxTurns, maxCalls, maxTokens } = this.#limits;
    return (
      this.#isStuck ||
      this.#turns >= maxTurns ||
      this.#calls >= maxCalls ||
      (maxTokens !== undefined && this.#tokens >= maxTokens) ||
      this.toolsMs() <= 0
    );
  }

  /** How long tools may still run, in milliseconds. */
  toolsMs(): number {
    const reserve = Math.min(LAST_ANSWER_MS, this.#limits.maxMs / 2);
    return this.#endsAt - reserve - this.#now();
  }

  /** How long the whole answer may still take, in milliseconds. */
  leftMs(): number {
    return Math.max(0, this.#endsAt - this.#now());
  }
}
