import { textEvent, type ChatEvent, type ToolRun } from "../chat/chat-event.ts";
import { progressLine } from "../chat/progress-line.ts";
import { toolCard } from "../chat/tool-card.ts";
import type { JsonObject } from "../core/json.ts";
import type { DeltaEvent } from "../llm/turn.ts";
import { approvalText } from "./approval-text.ts";
import type { ToldStyle } from "./progress-style.ts";
import { endedLine, progressMessage, runName, startedLine } from "./progress-words.ts";

/** Backends may tell of every row they read; Open WebUI keeps each line for good. */
const MAX_MESSAGES = 20;

/** What is told beside what the model says. */
export type Told =
  | DeltaEvent
  /** A line that Open WebUI shows above the answer. */
  | Readonly<{ kind: "status"; data: JsonObject }>;

/** Tells of the tools of one answer. */
export type ProgressTeller = Readonly<{
  /** What is to be told before the event itself. */
  tell: (event: ChatEvent) => readonly Told[];
  /** What is to be told when the answer ends or fails: a line that says "at work" must not stay. */
  close: () => readonly Told[];
}>;

/** Questions to the person are told in every style: they are the answer. */
export function createProgressTeller(style: ToldStyle): ProgressTeller {
  const told = tellerOf(style);
  let hasText = false;
  return {
    tell: (event) => {
      if (event.kind === "approval_wanted") {
        // A paragraph of its own, behind what the model said before its calls.
        const question = `${hasText ? "\n\n" : ""}${approvalText(event.approval)}`;
        return [...told.close(), textEvent(question)];
      }
      if (event.kind === "delta") hasText ||= Boolean(event.delta["content"]);
      return event.kind === "finish" ? told.close() : told.tell(event);
    },
    close: () => told.close(),
  };
}

const NOTHING: ProgressTeller = { tell: () => [], close: () => [] };

function tellerOf(style: ToldStyle): ProgressTeller {
  switch (style) {
    case "events":
      return createStatusTeller();
    case "text":
      return { ...NOTHING, tell: (event) => linesOf(event).map(progressLine).map(textEvent) };
    case "reasoning":
      return createReasoningTeller();
    case "details":
      return { ...NOTHING, tell: cardsOf };
    case "none":
      return NOTHING;
    default:
      return style satisfies never;
  }
}

/** Status events of Open WebUI; `done` is true while no tool runs. */
function createStatusTeller(): ProgressTeller {
  const running = new Map<string, ToolRun>();
  const messages = new Map<string, number>();
  const status = (description: string): Told => ({
    kind: "status",
    data: { action: "mcp", description, done: running.size === 0 },
  });
  return {
    tell(event) {
      if (event.kind === "tool_started") {
        running.set(event.run.id, event.run);
        return [status(startedLine(event.run))];
      }
      if (event.kind === "tool_progress") {
        const count = (messages.get(event.run.id) ?? 0) + 1;
        messages.set(event.run.id, count);
        if (count > MAX_MESSAGES || !running.has(event.run.id)) return [];
        return [status(progressMessage(event.run, event.message))];
      }
      if (event.kind === "tool_ended") {
        running.delete(event.run.id);
        return [status(endedLine(event))];
      }
      return [];
    },
    close() {
      const open = [...running.values()];
      running.clear();
      return open.length === 0 ? [] : [status(`✗ ${open.map(runName).join(", ")}: not finished`)];
    },
  };
}

/** Lines of a reasoning that may have been cut inside a line by the tool. */
function createReasoningTeller(): ProgressTeller {
  let isAtStart = true;
  return {
    ...NOTHING,
    tell(event) {
      if (event.kind === "delta") {
        const text = event.delta["reasoning_content"] ?? event.delta["reasoning"];
        if (typeof text === "string" && text !== "") isAtStart = text.endsWith("\n");
        return [];
      }
      return linesOf(event).map((line) => {
        const apart = isAtStart ? "" : "\n";
        isAtStart = true;
        return { kind: "delta", delta: { reasoning_content: `${apart}${line}\n` } };
      });
    },
  };
}

function linesOf(event: ChatEvent): readonly string[] {
  if (event.kind === "tool_started") return [`→ ${startedLine(event.run)}`];
  return event.kind === "tool_ended" ? [endedLine(event)] : [];
}

function cardsOf(event: ChatEvent): readonly Told[] {
  if (event.kind !== "tool_ended") return [];
  const { id, name, arguments: args } = event.run;
  const card = { id, name, argumentText: JSON.stringify(args), text: event.text };
  return [textEvent(toolCard(card))];
}
