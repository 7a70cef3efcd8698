import { createAtOnce } from "../core/at-once.ts";
import type { JsonObject } from "../core/json.ts";
import { ALL, type Gateway } from "../gateway/gateway.ts";
import type { Budget } from "./budget.ts";
import type { ChatAsk } from "./chat-ask.ts";
import type { ChatSink, ToolCall } from "./chat-event.ts";
import type { ReadCall } from "./read-call.ts";
import { runTool } from "./run-tool.ts";
import { imageMessage, MAX_PICTURE_CHARS } from "./tool-image.ts";
import type { ModelResult } from "./tool-result.ts";

/** Six connections may wait at the same time in one invocation; one is the provider's. */
const AT_ONCE = 5;

export type CallDeps = Readonly<{ gateway: Gateway; now: () => number }>;

/** Runs the calls of one answer in the caller's name, together and within the answer's budget. */
export class CallRunner {
  readonly #ask: ChatAsk;
  readonly #deps: CallDeps;
  readonly #budget: Budget;
  readonly #atOnce = createAtOnce(AT_ONCE);
  #pictureChars = MAX_PICTURE_CHARS;
  #hasRun = false;

  constructor(ask: ChatAsk, deps: CallDeps, budget: Budget) {
    this.#ask = ask;
    this.#deps = deps;
    this.#budget = budget;
  }

  /** Whether any tool has been called: nothing may be repeated then. */
  get hasRun(): boolean {
    return this.#hasRun;
  }

  /** Messages with the results in the order of the calls, however they came. */
  async runAll(calls: readonly ReadCall[], sink: ChatSink): Promise<readonly JsonObject[]> {
    const results = await Promise.all(
      calls.map((read): Promise<ModelResult> => this.#runOne(read, sink)),
    );
    const told = calls.map(({ call }, index) => toolMessage(call, results[index]?.text ?? ""));
    const pictures = imageMessage(
      calls.map(({ call: { name } }, index) => ({ name, images: results[index]?.images ?? [] })),
      this.#pictureChars,
    );
    if (pictures === undefined) return told;
    this.#pictureChars = pictures.chars;
    return [...told, pictures.message];
  }

  async #runOne(read: ReadCall, sink: ChatSink): Promise<ModelResult> {
    if (read.kind === "said") return { text: read.text, images: [], isError: read.isError };
    const refused = this.#budget.refuseCall(read.call.name, read.call.argumentText);
    if (refused !== undefined) return { text: refused, images: [], isError: true };
    const { caller, context, limits, ref, scope } = this.#ask;
    this.#hasRun = true;
    return this.#atOnce(() =>
      runTool(read.run, {
        gateway: this.#deps.gateway,
        caller,
        scope: scope ?? ALL,
        context,
        sink,
        timeoutMs: Math.min(limits.toolTimeoutMs, this.#budget.toolsMs()),
        maxResultChars: limits.maxResultChars,
        images: ref.provider.images,
        now: this.#deps.now,
      }),
    );
  }
}

export function toolMessage({ id }: Pick<ToolCall, "id">, content: string): JsonObject {
  return { role: "tool", tool_call_id: id, content };
}
