import type { JsonObject, JsonValue } from "../core/json.ts";
import { toPlainText } from "./responses-content.ts";
import { invalid } from "./responses-refusal.ts";

/** What the model is to read of a call that was given up. */
const UNANSWERED = "Error: there is no result of this call";

type Draft = {
  text: string;
  reasoning: string;
  calls: { call: JsonObject; result: string }[];
  /** A result has been seen: a call after it is of the next turn. */
  isAnswered: boolean;
};

/** Puts items together to chat messages: what a model said in one turn is one message there. */
export class Conversation {
  readonly #messages: JsonObject[] = [];
  /** Results by the id of their call, in their order: not every provider makes ids that differ. */
  readonly #results = new Map<string, string[]>();
  readonly #called = new Set<string>();
  #draft: Draft | undefined;

  /** Before anything else, because results may stand far behind their calls. */
  learnResults(items: readonly JsonObject[]): void {
    for (const { type, call_id: id, output } of items) {
      if (type !== "function_call_output" && type !== "custom_tool_call_output") continue;
      if (typeof id !== "string") continue;
      const known = this.#results.get(id);
      if (known === undefined) this.#results.set(id, [toPlainText(output)]);
      else known.push(toPlainText(output));
    }
  }

  say(message: JsonObject): void {
    this.#flush();
    this.#messages.push(message);
  }

  answer(text: string): void {
    const draft = this.#turn((open) => open.calls.length === 0);
    draft.text += text;
  }

  reason(text: string): void {
    const draft = this.#turn((open) => open.calls.length === 0 && open.text === "");
    draft.reasoning += text;
  }

  call(item: JsonObject, at: string): void {
    const draft = this.#turn((open) => !open.isAnswered);
    if (item["type"] === "mcp_call") {
      draft.calls.push(ownCall(item, at));
      return;
    }
    const { type, call_id: id, name, arguments: args, input, extra_content: extra } = item;
    if (typeof id !== "string") throw invalid(`${at}.call_id`, "expected a string");
    if (typeof name !== "string") throw invalid(`${at}.name`, "expected a string");
    this.#called.add(id);
    const more = extra === undefined ? {} : { extra_content: extra };
    draft.calls.push({
      call:
        type === "custom_tool_call"
          ? { id, type: "custom", custom: { name, input: stringOf(input) }, ...more }
          : { id, type: "function", function: { name, arguments: stringOf(args) }, ...more },
      result: this.#results.get(id)?.shift() ?? UNANSWERED,
    });
  }

  takeResult({ call_id: id }: JsonObject, at: string): void {
    if (typeof id !== "string") throw invalid(`${at}.call_id`, "expected a string");
    if (!this.#called.has(id)) throw invalid(`${at}.call_id`, "there is no call of this id before");
    if (this.#draft !== undefined) this.#draft.isAnswered = true;
  }

  messages(): readonly JsonObject[] {
    this.#flush();
    return this.#messages;
  }

  /** What the model is saying, or the beginning of its next turn where this does not belong to it. */
  #turn(belongs: (draft: Draft) => boolean): Draft {
    if (this.#draft !== undefined && !belongs(this.#draft)) this.#flush();
    this.#draft ??= { text: "", reasoning: "", calls: [], isAnswered: false };
    return this.#draft;
  }

  #flush(): void {
    const draft = this.#draft;
    this.#draft = undefined;
    if (draft === undefined) return;
    const { text, reasoning, calls } = draft;
    // Providers refuse a message that says nothing.
    if (calls.length === 0 && text === "") return;
    this.#messages.push(
      {
        role: "assistant",
        content: text === "" ? null : text,
        // Some want to hear it again with the calls it led to; others refuse it.
        ...(reasoning === "" || calls.length === 0 ? {} : { reasoning_content: reasoning }),
        ...(calls.length === 0 ? {} : { tool_calls: calls.map(({ call }) => call) }),
      },
      ...calls.map(({ call, result }) => ({
        role: "tool",
        tool_call_id: call["id"],
        content: result,
      })),
    );
  }
}

/** A call that the gateway has made, as the model had made it. */
function ownCall(item: JsonObject, at: string): { call: JsonObject; result: string } {
  const { id, name, server_label: label, arguments: args, output, error } = item;
  if (typeof id !== "string") throw invalid(`${at}.id`, "expected a string");
  if (typeof name !== "string") throw invalid(`${at}.name`, "expected a string");
  const called = typeof label === "string" && label !== ALL_SERVERS ? `${label}_${name}` : name;
  return {
    call: {
      id,
      type: "function",
      // What has been called is told, not offered: a name near the one of now will do.
      function: {
        name: called.replaceAll(/[^a-zA-Z0-9_-]/g, "_").slice(0, 64),
        arguments: stringOf(args),
      },
    },
    result: typeof output === "string" ? output : `Error: ${errorText(error)}`,
  };
}

/** The label of all servers together: their tools have exposed names. */
export const ALL_SERVERS = "mcp-gateway";

function errorText(error: JsonValue | undefined): string {
  if (typeof error === "string") return error;
  if (error === null || error === undefined || typeof error !== "object") return "no result";
  if ("content" in error) return toPlainText(error.content);
  return "message" in error && typeof error.message === "string" ? error.message : "no result";
}

function stringOf(value: JsonValue | undefined): string {
  return typeof value === "string" ? value : JSON.stringify(value ?? {});
}
