import { type ChatEvent, type FinishEvent, textEvent } from "../chat/chat-event.ts";
import type { JsonObject } from "../core/json.ts";
import { approvalText } from "./approval-text.ts";
import {
  approvalEvents,
  type CallNames,
  type CallStyle,
  type CallTeller,
  createCallTeller,
  functionCallEvents,
  listEvents,
} from "./responses-calls.ts";
import { responseBase, type ResponseHead, responseUsage } from "./responses-object.ts";
import { type ResponseEvent, ResponseOutput } from "./responses-output.ts";
import { ResponseTexts } from "./responses-texts.ts";

export type ResponseParts = CallNames &
  Readonly<{
    head: ResponseHead;
    /** As it came; an answer repeats some of it. */
    request: JsonObject;
    style: CallStyle;
    /** Servers whose tools the client wants to be told. */
    lists: readonly Readonly<{ label: string; tools: readonly JsonObject[] }>[];
  }>;

export type ResponseFault = Readonly<{ code: string; message: string }>;

/**
 * Tells an answer as items of a response. Clients hold the order against a model of their own:
 * an item is added before anything is said of it, done once, and the last event has them all.
 */
export class ResponseTeller {
  readonly #parts: ResponseParts;
  readonly #base: JsonObject;
  readonly #output = new ResponseOutput();
  readonly #texts = new ResponseTexts(this.#output);
  readonly #calls: CallTeller;
  #state: JsonObject = { status: "in_progress" };

  constructor(parts: ResponseParts) {
    this.#parts = parts;
    this.#base = responseBase(parts.head, parts.request);
    this.#calls = createCallTeller(parts.style, this.#output, parts);
  }

  open(): readonly ResponseEvent[] {
    return [
      this.#lifecycle("response.created"),
      this.#lifecycle("response.in_progress"),
      ...this.#parts.lists.flatMap((list) => listEvents(this.#output, list)),
    ];
  }

  tell(event: ChatEvent): readonly ResponseEvent[] {
    switch (event.kind) {
      case "delta":
        return this.#texts.tell(event);
      case "tool_started":
        return [...this.#texts.close(), ...this.#calls.started(event.run)];
      case "tool_ended":
        return this.#calls.ended(event.run, event);
      case "tool_progress":
        return [];
      case "client_calls":
        return [
          ...this.#texts.close(),
          ...event.calls.flatMap((call) => functionCallEvents(this.#output, call)),
        ];
      case "approval_wanted": {
        const { style, labelOf } = this.#parts;
        // Open WebUI knows no such items: a person reads the question, and types the code.
        if (style === "function") {
          const question = this.#texts.tell(textEvent(approvalText(event.approval)));
          return [...this.#texts.close(), ...question];
        }
        return [...this.#texts.close(), ...approvalEvents(this.#output, event.approval, labelOf)];
      }
      case "finish":
        return this.#finish(event);
      default:
        return event satisfies never;
    }
  }

  fail(error: ResponseFault): readonly ResponseEvent[] {
    const rest = [...this.#texts.close("incomplete"), ...this.#calls.close()];
    this.#state = { status: "failed", error: { code: error.code, message: error.message } };
    return [...rest, this.#lifecycle("response.failed")];
  }

  /** As it is by now. */
  response(): JsonObject {
    return {
      ...this.#base,
      error: null,
      incomplete_details: null,
      usage: null,
      ...this.#state,
      output: this.#output.items(),
    };
  }

  #finish({ reason, usage }: FinishEvent): readonly ResponseEvent[] {
    const cut = cutReason(reason);
    const rest = [
      ...this.#texts.close(cut === undefined ? "completed" : "incomplete"),
      ...this.#calls.close(),
    ];
    this.#state = {
      usage: responseUsage(usage),
      ...(cut === undefined
        ? { status: "completed" }
        : { status: "incomplete", incomplete_details: { reason: cut } }),
    };
    const how = cut === undefined ? "response.completed" : "response.incomplete";
    return [...rest, this.#lifecycle(how)];
  }

  #lifecycle(type: string): ResponseEvent {
    return { type, response: this.response() };
  }
}

function cutReason(reason: FinishEvent["reason"]): string | undefined {
  if (reason === "length") return "max_output_tokens";
  return reason === "content_filter" ? reason : undefined;
}
