import { GatewayError, type ErrorCode } from "../core/errors.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../core/json.ts";
import { RPC_CODES, type Answer } from "../core/json-rpc.ts";
import { findNamedTool, missingName, unknownTool } from "./find-named-tool.ts";
import { sayJson } from "./house-blocks.ts";
import { aboutRequest, argumentsIn, FOR_CLIENTS, MAX_ERROR_TEXT } from "./house-forward.ts";
import type { HouseCall, HouseResult, HouseTool, SeenTools } from "./house-tool.ts";

/** What may go wrong before a tool says so itself, in the codes of AnyGPT's discovery server. */
type CallFault =
  | "INVALID_ARGUMENTS"
  | "SERVER_NOT_CONNECTED"
  | "TOOL_NOT_FOUND"
  | "EXECUTION_ERROR";

/** What all others mean is for the client, in its own dialect. */
const FAULTS: ReadonlyMap<ErrorCode, CallFault> = new Map([
  ["invalid_params", "INVALID_ARGUMENTS"],
  ["not_found", "TOOL_NOT_FOUND"],
  ["backend_unavailable", "SERVER_NOT_CONNECTED"],
  ["backend_offline", "SERVER_NOT_CONNECTED"],
  ["backend_failed", "EXECUTION_ERROR"],
  ["backend_timeout", "EXECUTION_ERROR"],
]);

/**
 * Calls a tool that the caller found rather than listed. The call is the tool's own in every way:
 * rights, limits, progress, questions, detaching and the audit are as if it had been called by name.
 */
const CALL_TOOL: HouseTool = {
  definition: {
    name: "call_tool",
    title: "Call tool",
    description: "Calls a tool that search_tools has found, with arguments as its schema says.",
    inputSchema: {
      type: "object",
      properties: {
        name: { type: "string", description: "The tool's name, as search_tools gives it" },
        server: { type: "string", description: "Or its server" },
        tool: { type: "string", description: "and its name there" },
        arguments: { type: "object", description: "The tool's arguments by name" },
      },
    },
  },
  standing: "instead",
  isIn: ({ caller }) => caller.mode === "search",
  toRequest,
  perform: callFound,
};

const EXECUTE_TOOL: HouseTool = {
  ...CALL_TOOL,
  definition: { ...CALL_TOOL.definition, name: "execute_tool" },
  standing: "unlisted",
};

export const CALL_TOOLS: readonly HouseTool[] = [CALL_TOOL, EXECUTE_TOOL];

function toRequest(params: JsonObject, tools: SeenTools) {
  const args = argumentsIn(params);
  const found = findNamedTool(tools, args);
  const given = objectIn(args["arguments"]);
  if (found === undefined || given === undefined) return undefined;
  return {
    method: "tools/call",
    params: { ...aboutRequest(params), name: found.name, arguments: given },
  } as const;
}

async function callFound({ args, request, tools, forward }: HouseCall): Promise<HouseResult> {
  const lacking = missingName(args);
  if (lacking !== undefined) {
    return sayJson({ error: `Missing required parameter: ${lacking}` }, true);
  }
  if (findNamedTool(tools, args) === undefined) {
    const { error, suggestions } = unknownTool(tools, args);
    return sayJson({ error, code: "TOOL_NOT_FOUND", suggestions: [...suggestions] }, true);
  }
  const inner = toRequest(request.params, tools);
  if (inner === undefined) return fault("INVALID_ARGUMENTS", '"arguments" is not an object');
  let answer: Answer;
  try {
    answer = await forward(inner);
  } catch (error) {
    const code = error instanceof GatewayError ? FAULTS.get(error.code) : undefined;
    if (code === undefined || !(error instanceof GatewayError)) throw error;
    return fault(code, error.message);
  }
  const message = answer.message();
  if (!("error" in message) || FOR_CLIENTS.has(message.error.code)) {
    return { kind: "answer", answer };
  }
  const { code, message: text } = message.error;
  return fault(code === RPC_CODES.invalidParams ? "INVALID_ARGUMENTS" : "EXECUTION_ERROR", text);
}

function fault(code: CallFault, text: string): HouseResult {
  return sayJson({ error: text.slice(0, MAX_ERROR_TEXT).toWellFormed(), code }, true);
}

/** An object, also where a model wrote it as text; none is an empty one. */
function objectIn(given: JsonValue | undefined): JsonObject | undefined {
  if (given === undefined || given === null || given === "") return {};
  if (isJsonObject(given)) return given;
  if (typeof given !== "string") return undefined;
  try {
    const parsed: unknown = JSON.parse(given);
    return isJsonObject(parsed) ? parsed : undefined;
  } catch {
    return undefined; // told to the model as a wrong shape
  }
}
