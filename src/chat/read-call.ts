import type { ToolCall, ToolRun } from "./chat-event.ts";
import { parseModelArguments } from "./model-arguments.ts";
import type { OfferedTools } from "./offered-tools.ts";
import { unknownToolText } from "./tool-error.ts";

/** A call of the model, understood: one of our tools to run, or what it is told at once. */
export type ReadCall =
  | Readonly<{ kind: "run"; call: ToolCall; run: ToolRun }>
  | Readonly<{ kind: "said"; call: ToolCall; text: string; isError: boolean }>;

/** What is wrong with a call the model reads as its result, so that it can do better. */
export function readCall(call: ToolCall, offered: OfferedTools | undefined): ReadCall {
  const args = parseModelArguments(call.argumentText);
  if (args.kind === "fault") return { kind: "said", call, text: args.text, isError: true };
  const resolved = offered?.resolve(call.name, args.value) ?? { kind: "unknown", near: [] };
  switch (resolved.kind) {
    case "tool":
      return {
        kind: "run",
        call,
        run: { id: call.id, name: call.name, tool: resolved.tool, arguments: resolved.arguments },
      };
    case "answer":
      return { kind: "said", call, text: resolved.text, isError: resolved.isError };
    case "unknown":
      return { kind: "said", call, text: unknownToolText(call.name, resolved.near), isError: true };
    default:
      return resolved satisfies never;
  }
}
