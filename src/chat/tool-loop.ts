import { GatewayError } from "../core/errors.ts";
import type { JsonObject } from "../core/json.ts";
import type { Slips } from "../core/slips.ts";
import type { Gateway } from "../gateway/gateway.ts";
import type { LanguageModels } from "../llm/language-models.ts";
import { ProviderError } from "../llm/provider-error.ts";
import { addUsage } from "../llm/sum-usage.ts";
import { TurnRecord } from "../llm/turn-record.ts";
import type { FinishReason, TurnEvents } from "../llm/turn.ts";
import { AnswerClock } from "./answer-clock.ts";
import type { Answering } from "./answering.ts";
import {
  APPROVAL_SECONDS,
  asHeldCall,
  type HeldCall,
  type HeldTurn,
  holdTurn,
  isStillMeant,
} from "./approvals.ts";
import { Budget } from "./budget.ts";
import { CallRunner, toolMessage } from "./call-runner.ts";
import type { ChatAsk } from "./chat-ask.ts";
import { type ChatEvent, type ChatSink, textEvent, type ToolCall } from "./chat-event.ts";
import { keepHidden, withOwnId } from "./hidden-turns.ts";
import type { OfferedTools } from "./offered-tools.ts";
import { readCall, type ReadCall } from "./read-call.ts";
import { clientTools, toolName, turnBody, type TurnParts } from "./turn-body.ts";

export type LoopDeps = Readonly<{
  gateway: Gateway;
  llm: LanguageModels;
  slips: Slips;
  now: () => number;
}>;

/** What the loop begins with, made from the ask. */
export type LoopStart = Readonly<{
  messages: readonly JsonObject[];
  offered: OfferedTools | undefined;
  /** Turns that waited for a person's word: they are gone through before the model is asked. */
  settled: readonly SettledTurn[];
}>;

export type SettledTurn = Readonly<{ approve: boolean; turn: HeldTurn }>;

type RecordedCalls = ReturnType<TurnRecord["calls"]>;

/** The calls of a turn that has some of ours and some of the client's own. */
type MixedCalls = Readonly<{ ours: readonly ReadCall[]; theirs: RecordedCalls; sink: ChatSink }>;

const DECLINED = "Error: not run: the person declined this call";
const CHANGED =
  "Error: not run: the tools have changed since the person was asked, and this would be another call";
const NO_MORE_CALLS =
  "[Note from the gateway: no more tool calls are possible in this answer. Answer now with what is known, and say what is missing.]";
const NOTHING_SAID =
  "The model asked for more tool calls than one answer may make, and said nothing else. Ask again to go on.";

/**
 * The model and the tools, turn by turn, until it answers: text flows to the client at once, calls
 * of our tools run here, calls of the client's own end the answer. A turn with both goes to the
 * client first, because what has run cannot be taken back and what has not can be asked for again.
 */
export class ToolLoop implements Answering {
  readonly #ask: ChatAsk;
  readonly #deps: LoopDeps;
  readonly #budget: Budget;
  readonly #clock: AnswerClock;
  readonly #runner: CallRunner;
  /** Names of the client's own functions. */
  readonly #own: ReadonlySet<string>;
  readonly #settled: readonly SettledTurn[];
  #messages: readonly JsonObject[];
  #offered: OfferedTools | undefined;
  #first: TurnEvents | undefined;
  #usage: JsonObject | undefined;
  #hasText = false;

  constructor(ask: ChatAsk, start: LoopStart, deps: LoopDeps) {
    this.#ask = ask;
    this.#deps = deps;
    this.#budget = new Budget(ask.limits, deps.now);
    this.#clock = new AnswerClock(ask.context, this.#budget.leftMs());
    this.#runner = new CallRunner(ask, deps, this.#budget);
    this.#own = new Set(clientTools(ask.body).flatMap((tool) => toolName(tool) ?? []));
    this.#messages = start.messages;
    this.#offered = start.offered;
    this.#settled = start.settled;
  }

  /** What a provider refuses is known before anything is said. Throws `ProviderError`. */
  async begin(): Promise<void> {
    if (this.#settled.length > 0) return;
    try {
      this.#first = await this.#openTurn("first");
    } catch (error) {
      this.#clock.end();
      throw this.#clock.isLate ? tooLate(this.#ask.limits) : error;
    }
  }

  mayBeRepeated(): boolean {
    return !this.#runner.hasRun;
  }

  async run(sink: ChatSink): Promise<void> {
    try {
      await this.#runTurns(sink);
    } catch (error) {
      if (!this.#clock.isLate) throw error;
      await this.#finish(sink, "length");
    } finally {
      this.#clock.end();
    }
  }

  async #runTurns(sink: ChatSink): Promise<void> {
    let place: TurnParts["place"] = this.#settled.length === 0 ? "first" : "later";
    await this.#goThroughSettled(sink);
    for (;;) {
      if (this.#ask.context.signal.aborted) throw hasLeft();
      // Turns follow from each other.
      // oxlint-disable-next-line no-await-in-loop
      const events = this.#first ?? (await this.#openTurn(place));
      this.#first = undefined;
      // oxlint-disable-next-line no-await-in-loop
      const record = await this.#relay(events, sink);
      // oxlint-disable-next-line no-await-in-loop
      if (await this.#conclude(record, place, sink)) return;
      place = this.#budget.isSpent() ? "last" : "later";
      if (place === "last") this.#messages = withNote(this.#messages);
    }
  }

  async #openTurn(place: TurnParts["place"]): Promise<TurnEvents> {
    const send = (): Promise<TurnEvents> => {
      const { body, stream, ref, context } = this.#ask;
      const parts = { body, stream, messages: this.#messages, offered: this.#offered, place };
      const turn = { body: turnBody(parts), mayRetry: !this.#runner.hasRun };
      return this.#deps.llm.openTurn(ref, turn, { ...context, signal: this.#clock.signal });
    };
    try {
      return await send();
    } catch (error) {
      const rest = this.#withoutRejected(error);
      if (rest === undefined) throw error;
      this.#offered = rest;
      return send();
    }
  }

  /** One bad schema fails the whole request: it goes without that tool, once. */
  #withoutRejected(error: unknown): OfferedTools | undefined {
    const rejected = error instanceof ProviderError ? error.rejectedTool : undefined;
    if (rejected === undefined) return undefined;
    const ours = this.#offered?.functions ?? [];
    const name =
      "name" in rejected
        ? rejected.name
        : ours[rejected.index - clientTools(this.#ask.body).length]?.function.name;
    return name === undefined ? undefined : this.#offered?.without(name);
  }

  /** Text and reasoning at once; what the turn was, in the end. */
  async #relay(events: TurnEvents, sink: ChatSink): Promise<TurnRecord> {
    const record = new TurnRecord();
    let isNewParagraph = this.#hasText;
    await events.forEach((batch) => {
      record.add(batch);
      const shown: ChatEvent[] = [];
      for (const event of batch) {
        if (event.kind !== "delta") continue;
        const { content } = event.delta;
        if (typeof content === "string" && content.trim() !== "") {
          // What the model said before its calls and after them are two paragraphs.
          if (isNewParagraph) shown.push(textEvent("\n\n"));
          isNewParagraph = false;
          this.#hasText = true;
        }
        shown.push(event);
      }
      return shown.length === 0 ? undefined : sink(shown);
    });
    this.#usage = addUsage(this.#usage, record.usage);
    this.#budget.noteTurn(record.usage);
    return record;
  }

  /** What follows from a turn that is over; true when the answer is. */
  async #conclude(record: TurnRecord, place: TurnParts["place"], sink: ChatSink): Promise<boolean> {
    const calls = record.calls();
    const { finishReason } = record;
    // A call that was cut off must not run with the half of its arguments.
    if (calls.length === 0 || finishReason === "length" || finishReason === "content_filter") {
      return this.#finish(sink, finishReason === "tool_calls" ? "stop" : finishReason);
    }
    const theirs = calls.filter(({ name }) => this.#own.has(name));
    const ours = calls.filter((call) => !theirs.includes(call)).map((call) => this.#read(call));
    if (theirs.length > 0) {
      const shown =
        place === "last" ? theirs : await this.#runHidden(record, { ours, theirs, sink });
      return this.#finish(sink, "tool_calls", { kind: "client_calls", calls: shown });
    }
    if (place === "last") {
      // It was told that no call is possible; what it said stands, or that it said nothing.
      return this.#finish(sink, "stop", this.#hasText ? undefined : textEvent(NOTHING_SAID));
    }
    const question = await this.#questionFor(record, ours);
    if (question !== undefined) return this.#finish(sink, "stop", question);
    const results = await this.#runner.runAll(ours, sink);
    this.#messages = [...this.#messages, record.assistantMessage(), ...results];
    return false;
  }

  async #finish(sink: ChatSink, reason: FinishReason, before?: ChatEvent): Promise<true> {
    const { turns } = this.#budget;
    const last = { kind: "finish", reason, usage: this.#usage, turns } as const;
    await sink(before === undefined ? [last] : [before, last]);
    return true;
  }

  /** The question for a person in place of the calls; undefined when none of them needs one. */
  async #questionFor(
    record: TurnRecord,
    calls: readonly ReadCall[],
  ): Promise<ChatEvent | undefined> {
    const { needsApproval, caller } = this.#ask;
    const runs = runsOf(calls).filter(({ tool }) => needsApproval(tool));
    if (runs.length === 0) return undefined;
    const code = await holdTurn(this.#deps.slips, caller.userId, {
      assistant: record.assistantMessage(),
      calls: calls.map((read) => asHeldCall(read, needsApproval)),
    });
    return { kind: "approval_wanted", approval: { code, runs, expiresIn: APPROVAL_SECONDS } };
  }

  async #goThroughSettled(sink: ChatSink): Promise<void> {
    for (const { approve, turn } of this.#settled) {
      const results = approve
        ? // oxlint-disable-next-line no-await-in-loop -- results stand behind their calls
          await this.#runner.runAll(
            turn.calls.map((call) => this.#readHeld(call)),
            sink,
          )
        : turn.calls.map((call) => toolMessage(call, DECLINED));
      this.#messages = [...this.#messages, turn.assistant, ...results];
    }
  }

  /**
   * Our calls of a mixed turn run, and are put back when the client returns with the others. Gives
   * those, under the ids they come back with.
   */
  async #runHidden(record: TurnRecord, { ours, theirs, sink }: MixedCalls): Promise<RecordedCalls> {
    if (this.#ask.limits.mixed !== "execute" || ours.length === 0) return theirs;
    if (runsOf(ours).some(({ tool }) => this.#ask.needsApproval(tool))) return theirs;
    const results = await this.#runner.runAll(ours, sink);
    const { calls, assistant } = withOwnId(theirs, record.assistantMessage());
    const [first] = calls;
    if (first === undefined) return theirs;
    const turn = { callId: first.id, turn: { assistant, results } };
    try {
      await keepHidden(this.#deps.slips, this.#ask.caller.userId, turn);
      return calls;
    } catch {
      return theirs; // then the model asks for ours again
    }
  }

  #read(call: ToolCall): ReadCall {
    return readCall(call, this.#offered);
  }

  #readHeld(held: HeldCall): ReadCall {
    const read = this.#read(held);
    if (read.kind !== "run" || isStillMeant(held, read.run.tool, this.#ask.needsApproval)) {
      return read;
    }
    return { kind: "said", call: read.call, text: CHANGED, isError: true };
  }
}

function runsOf(calls: readonly ReadCall[]): readonly Extract<ReadCall, { kind: "run" }>["run"][] {
  return calls.flatMap((read) => (read.kind === "run" ? [read.run] : []));
}

/** In the last result: not every provider takes a system message this late. */
function withNote(messages: readonly JsonObject[]): readonly JsonObject[] {
  const at = messages.findLastIndex(({ role }) => role === "tool");
  return messages.map((said, index) => {
    const { content } = said;
    if (index !== at || typeof content !== "string") return said;
    return { ...said, content: `${content}\n\n${NO_MORE_CALLS}` };
  });
}

function tooLate({ maxMs }: ChatAsk["limits"]): GatewayError {
  return new GatewayError(
    "backend_timeout",
    `Cannot answer: the model said nothing within ${Math.round(maxMs / 1_000)} s`,
  );
}

function hasLeft(): GatewayError {
  return new GatewayError("cancelled", "Cannot answer: the client has left");
}
