import type { JsonObject } from "../core/json.ts";
import type { DeltaEvent, FinishReason } from "../llm/turn.ts";
import type { VisibleTool } from "../gateway/gateway.ts";

/**
 * What happens while an answer comes about, whoever gives it: told as a stream of chunks, as one
 * completion or as Responses items. `finish` is the last, and comes exactly once unless the answer
 * fails with an error.
 */
export type ChatEvent =
  | DeltaEvent
  /** To be run by the client; the answer ends with them. */
  | Readonly<{ kind: "client_calls"; calls: readonly ToolCall[] }>
  | Readonly<{ kind: "tool_started"; run: ToolRun }>
  /** What the backend says of its progress, one line. */
  | Readonly<{ kind: "tool_progress"; run: ToolRun; message: string }>
  | Readonly<{ kind: "tool_ended"; run: ToolRun; outcome: ToolOutcome; text: string; ms: number }>
  /** Nothing of it has run; the answer ends with the question. */
  | Readonly<{ kind: "approval_wanted"; approval: Approval }>
  | FinishEvent;

export type FinishEvent = Readonly<{
  kind: "finish";
  reason: FinishReason;
  /** Over all turns, in OpenAI's shape; undefined when no provider told any. */
  usage: JsonObject | undefined;
  /** Requests to the model this answer took. */
  turns: number;
}>;

/** A call as the model made it, complete. */
export type ToolCall = Readonly<{
  id: string;
  name: string;
  /** JSON text as the model wrote it; it may be no JSON. */
  argumentText: string;
  /** Sent back with the call, and to the client's own. */
  extra?: JsonObject;
}>;

/** A call of one of our tools. */
export type ToolRun = Readonly<{
  /** The model's id of the call; unique within an answer. */
  id: string;
  /** The function it was called as: tools of equal names as the client's are renamed. */
  name: string;
  tool: VisibleTool;
  arguments: JsonObject;
}>;

export type ToolOutcome = "ok" | "tool_error" | "failed" | "declined";

export type Approval = Readonly<{
  /** Typed by a person: single-use, for these calls with these arguments only. */
  code: string;
  /** Those of the turn that need it; the others of the turn wait as well. */
  runs: readonly ToolRun[];
  /** Seconds. */
  expiresIn: number;
}>;

/**
 * Takes the events of an answer, those together that came together. A promise is waited for before
 * more is read: that is how a slow reader slows its provider.
 */
export type ChatSink = (events: readonly ChatEvent[]) => Promise<void> | void;

/** What all parts of one answer have in common. */
export type AnswerHead = Readonly<{ id: string; created: number; model: string }>;

export function openAnswer(model: string, now: number): AnswerHead {
  return {
    id: `chatcmpl-${crypto.randomUUID().replaceAll("-", "")}`,
    created: Math.floor(now / 1000),
    model,
  };
}

export function textEvent(text: string): DeltaEvent {
  return { kind: "delta", delta: { content: text } };
}
