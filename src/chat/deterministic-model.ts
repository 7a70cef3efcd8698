import type { Caller } from "../auth/caller.ts";
import { GatewayError, type ErrorCode } from "../core/errors.ts";
import type { JsonObject } from "../core/json.ts";
import type { RpcError } from "../core/json-rpc.ts";
import type { CallContext, Gateway, Scope, VisibleTool } from "../gateway/gateway.ts";
import { parseCallArguments } from "./call-arguments.ts";
import { parseChatCommand, type ChatCommand } from "./chat-command.ts";
import type { Answering } from "./answering.ts";
import { textEvent } from "./chat-event.ts";
import { exampleCall, freeText, helpText, listText } from "./chat-texts.ts";
import { nearNames } from "../catalog/near-names.ts";
import { renderResult } from "./render-result.ts";
import { pagesToOpen } from "./tool-error.ts";
import { wordUsage } from "./word-usage.ts";

const SHOWN_NEAR = 5;

/** What will be done, known before the first byte: after a tool ran nothing may be tried again. */
export type Plan =
  | Readonly<{ kind: "say"; text: string }>
  | Readonly<{ kind: "run"; tool: VisibleTool; arguments: JsonObject }>;

/** The answer to a question where no language model is configured; equal questions, equal plans. */
export function planAnswer(question: string, tools: readonly VisibleTool[]): Plan {
  const command = parseChatCommand(question);
  switch (command.kind) {
    case "help":
      return { kind: "say", text: helpText(tools) };
    case "list":
      return { kind: "say", text: listText(tools, command.filter) };
    case "call":
      return planCall(command, tools);
    case "free":
      return { kind: "say", text: freeText(tools) };
    default:
      return command satisfies never;
  }
}

function planCall(
  { name, argumentText }: Extract<ChatCommand, { kind: "call" }>,
  tools: readonly VisibleTool[],
): Plan {
  if (name === "") return { kind: "say", text: helpText(tools) };
  const tool = tools.find((candidate) => spellings(candidate).includes(name));
  if (tool === undefined) return { kind: "say", text: unknownTool(name, tools) };
  const parsed = parseCallArguments(argumentText, tool.tool.inputSchema);
  if (parsed.kind === "arguments") return { kind: "run", tool, arguments: parsed.value };
  return {
    kind: "say",
    text: `Cannot read the arguments of \`${tool.name}\`: ${parsed.message}\n\nFor example: \`${exampleCall(tool)}\``,
  };
}

/** Ways to write a tool's name; `__` is how other gateways join the two. */
function spellings({ name, exposedName, backend, ownName }: VisibleTool): readonly string[] {
  const joined = [".", "/", "__"].map((separator) => `${backend}${separator}${ownName}`);
  return [name, exposedName, ...joined];
}

function unknownTool(name: string, tools: readonly VisibleTool[]): string {
  const names = tools.map((tool) => tool.name);
  const near = nearNames(name, names, SHOWN_NEAR).map((match) => `- \`${match}\``);
  // What was asked for comes back in a code span, so that it is text and nothing else.
  const asked = name.slice(0, 100).replaceAll("`", "'").toWellFormed();
  const hint =
    near.length === 0 ? "`tools` lists what there is." : `Did you mean:\n\n${near.join("\n")}`;
  return `There is no tool \`${asked}\`. ${hint}`;
}

export type PlannedRun = Readonly<{
  gateway: Gateway;
  caller: Caller;
  scope: Scope;
  context: CallContext;
  /** Every text of the conversation, for the usage numbers. */
  texts: readonly string[];
}>;

/** Carries the plan out. What goes wrong with the tool is told in the answer, as a person reads it. */
export function carryOut(plan: Plan, run: PlannedRun): Answering {
  let mayHaveRun = false;
  return {
    async run(sink) {
      const text = plan.kind === "say" ? plan.text : await runPlanned(plan);
      await sink([
        textEvent(text),
        { kind: "finish", reason: "stop", usage: wordUsage(run.texts, text), turns: 0 },
      ]);
    },
    mayBeRepeated: () => !mayHaveRun,
  };

  async function runPlanned(planned: Extract<Plan, { kind: "run" }>): Promise<string> {
    mayHaveRun = true;
    try {
      return await runTool(planned, run);
    } catch (error) {
      // Only the limit stands before the tool.
      if (error instanceof GatewayError && error.code === "rate_limited") mayHaveRun = false;
      throw error;
    }
  }
}

async function runTool(
  { tool, arguments: values }: Extract<Plan, { kind: "run" }>,
  { gateway, caller, scope, context }: PlannedRun,
): Promise<string> {
  try {
    const work = gateway.forward(
      caller,
      {
        method: "tools/call",
        scope,
        id: 1, // one call per answer, and nobody sees the id
        params: { name: tool.name, arguments: values },
        approved: true, // a person typed it
      },
      context,
    );
    // workerd drops everything of a request whose client has left; the backend is to be told first.
    context.waitUntil(work.catch(() => {}));
    const message = (await work).message();
    if ("result" in message) return renderResult(message.result);
    return refusal(tool.name, message.error);
  } catch (error) {
    if (!isTellable(error)) throw error;
    return `**${error.message}**`;
  }
}

function refusal(name: string, error: RpcError): string {
  const pages = pagesToOpen(error);
  // A code tells a person nothing; the page they have to open is the answer.
  const rest = pages.length === 0 ? ` (${error.code})` : `: ${pages.join(" ")}`;
  return `**Cannot call \`${name}\`**: ${error.message}${rest}`;
}

function isTellable(error: unknown): error is GatewayError {
  return error instanceof GatewayError && TOLD[error.code];
}

/** Told is what is about the tool and its backend; our own failures stay failures of the request. */
const TOLD = {
  not_found: true,
  misdirected: false,
  invalid_request: true,
  invalid_params: true,
  forbidden: true,
  approval_needed: true,
  too_large: true,
  backend_unavailable: true,
  backend_offline: true,
  backend_unauthorized: true,
  backend_timeout: true,
  backend_failed: true,
  unauthorized: false,
  conflict: false,
  unsupported_media_type: false,
  method_not_allowed: false,
  rate_limited: false,
  config_invalid: false,
  cancelled: false,
  unavailable: false,
  internal: false,
} as const satisfies Record<ErrorCode, boolean>;
