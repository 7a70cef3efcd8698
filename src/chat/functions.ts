import { functionParameters } from "../catalog/function-schema.ts";
import { descriptionOf } from "../catalog/tool-words.ts";
import type { JsonObject } from "../core/json.ts";
import type { VisibleTool } from "../gateway/gateway.ts";

export type FunctionTool = Readonly<{
  type: "function";
  function: Readonly<{ name: string; description: string; parameters: JsonObject }>;
}>;

/** OpenAI and stacks that copy its checks refuse longer ones, and with them the whole request. */
const MAX_DESCRIPTION = 1_024;

/** A tool as an OpenAI function; the exposed name is safe for every consumer (design: names). */
export function asFunctionTool({ exposedName, tool }: VisibleTool): FunctionTool {
  return {
    type: "function",
    function: {
      name: exposedName,
      description: bounded(descriptionOf(tool)),
      parameters: functionParameters(tool.inputSchema),
    },
  };
}

function bounded(text: string): string {
  return text.length <= MAX_DESCRIPTION
    ? text
    : `${text.slice(0, MAX_DESCRIPTION - 1).toWellFormed()}…`;
}
