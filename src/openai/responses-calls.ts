import type { Approval, ToolCall, ToolOutcome, ToolRun } from "../chat/chat-event.ts";
import { cutText } from "../chat/cut-text.ts";
import type { JsonObject } from "../core/json.ts";
import type { VisibleTool } from "../gateway/gateway.ts";
import { approvalRequestId } from "./responses-approvals.ts";
import type { Labelled } from "./responses-mcp.ts";
import {
  itemId,
  type OutputItem,
  type ResponseEvent,
  type ResponseOutput,
} from "./responses-output.ts";
import { splitText } from "./split-text.ts";

/**
 * How calls of our tools are told. `mcp`: as OpenAI does it. `function`: as a call and its output,
 * which Open WebUI shows as a card and, because the output is there, does not run itself.
 */
export type CallStyle = "mcp" | "function";

export type CallNames = Readonly<{
  labelOf: (tool: VisibleTool) => Labelled;
  /** The approval request a call was allowed by, by the call's id. */
  approvedBy: ReadonlyMap<string, string>;
}>;

export type CallTeller = Readonly<{
  started: (run: ToolRun) => readonly ResponseEvent[];
  ended: (run: ToolRun, end: CallEnd) => readonly ResponseEvent[];
  /** The answer is over, and these will not come to their end. */
  close: () => readonly ResponseEvent[];
}>;

export type CallEnd = Readonly<{ outcome: ToolOutcome; text: string }>;

/** An item stays within one line that every client reads, together with what stands around it. */
const MAX_RESULT_BYTES = 48 * 1_024;
const NOT_FINISHED: CallEnd = { outcome: "failed", text: "Error: not finished" };

export function createCallTeller(
  style: CallStyle,
  output: ResponseOutput,
  names: CallNames,
): CallTeller {
  return style === "mcp" ? createMcpCalls(output, names) : createFunctionCalls(output);
}

function createMcpCalls(output: ResponseOutput, { labelOf, approvedBy }: CallNames): CallTeller {
  const open = new Map<string, Readonly<{ item: OutputItem; argumentText: string }>>();
  const end = (id: string, { outcome, text }: CallEnd): readonly ResponseEvent[] => {
    const call = open.get(id);
    if (call === undefined) return [];
    open.delete(id);
    const { item, argumentText } = call;
    const shown = fitText(text);
    const isOk = outcome === "ok";
    return [
      item.event(`response.mcp_call.${isOk ? "completed" : "failed"}`),
      item.done({
        status: isOk ? "completed" : "failed",
        arguments: argumentText,
        output: isOk ? shown : null,
        error: isOk ? null : asCallError(outcome, shown),
      }),
    ];
  };
  return {
    started(run) {
      const { label, name } = labelOf(run.tool);
      const item = output.begin({
        id: itemId("mcp"),
        type: "mcp_call",
        status: "in_progress",
        approval_request_id: approvedBy.get(run.id) ?? null,
        arguments: "",
        error: null,
        name,
        output: null,
        server_label: label,
      });
      const argumentText = JSON.stringify(run.arguments);
      open.set(run.id, { item, argumentText });
      return [
        item.added(),
        item.event("response.mcp_call.in_progress"),
        ...argumentEvents(item, "mcp_call_arguments", argumentText),
      ];
    },
    ended: ({ id }, ending) => end(id, ending),
    close: () => [...open.keys()].flatMap((id) => end(id, NOT_FINISHED)),
  };
}

function createFunctionCalls(output: ResponseOutput): CallTeller {
  /** The ids the calls are shown under, by their own. */
  const open = new Map<string, string>();
  const taken = new Set<string>();
  const end = (id: string, { text }: CallEnd): readonly ResponseEvent[] => {
    const callId = open.get(id);
    if (callId === undefined) return [];
    open.delete(id);
    const item = output.begin({
      id: itemId("fco"),
      type: "function_call_output",
      call_id: callId,
      output: [{ type: "input_text", text: fitText(text) }],
      status: "completed",
    });
    return [item.added(), item.done({})];
  };
  return {
    started(run) {
      // An output is matched by its id alone; providers use one again in a later turn.
      const callId = taken.has(run.id) ? itemId("call") : run.id;
      taken.add(callId);
      open.set(run.id, callId);
      return functionCallEvents(output, {
        id: callId,
        name: run.name,
        argumentText: JSON.stringify(run.arguments),
      });
    },
    ended: ({ id }, ending) => end(id, ending),
    close: () => [...open.keys()].flatMap((id) => end(id, NOT_FINISHED)),
  };
}

/** A whole call, to be run by the client or shown as one that has run. */
export function functionCallEvents(
  output: ResponseOutput,
  { id, name, argumentText, extra }: ToolCall,
): readonly ResponseEvent[] {
  const isCustom = extra?.["type"] === "custom";
  const key = isCustom ? "input" : "arguments";
  const item = output.begin({
    ...extra,
    id: itemId(isCustom ? "ctc" : "fc"),
    type: isCustom ? "custom_tool_call" : "function_call",
    call_id: id,
    name,
    [key]: "",
    status: "in_progress",
  });
  return [
    item.added(),
    ...argumentEvents(
      item,
      isCustom ? "custom_tool_call_input" : "function_call_arguments",
      argumentText,
    ),
    item.done({ [key]: argumentText, status: "completed" }),
  ];
}

/** A request for each call that needs a person's word. */
export function approvalEvents(
  output: ResponseOutput,
  { code, runs }: Approval,
  labelOf: CallNames["labelOf"],
): readonly ResponseEvent[] {
  return runs.flatMap((run, index) => {
    const { label, name } = labelOf(run.tool);
    const item = output.begin({
      id: approvalRequestId(code, { place: index + 1, count: runs.length, callId: run.id }),
      type: "mcp_approval_request",
      // Never cut: nobody is to allow what is not shown.
      arguments: JSON.stringify(run.arguments),
      name,
      server_label: label,
    });
    return [item.added(), item.done({})];
  });
}

/** What a server offers, as OpenAI tells it before the first call. */
export function listEvents(
  output: ResponseOutput,
  { label, tools }: Readonly<{ label: string; tools: readonly JsonObject[] }>,
): readonly ResponseEvent[] {
  const item = output.begin({
    id: itemId("mcpl"),
    type: "mcp_list_tools",
    server_label: label,
    tools: [],
    error: null,
  });
  return [
    item.added(),
    item.event("response.mcp_list_tools.in_progress"),
    item.event("response.mcp_list_tools.completed"),
    item.done({ tools }),
  ];
}

function argumentEvents(item: OutputItem, what: string, text: string): readonly ResponseEvent[] {
  const key = what === "custom_tool_call_input" ? "input" : "arguments";
  return [
    ...[...splitText(text)].map((delta) => item.event(`response.${what}.delta`, { delta })),
    item.event(`response.${what}.done`, { [key]: text }),
  ];
}

function asCallError(outcome: ToolOutcome, text: string): JsonObject {
  const message = text.replace(/^Error: /, "");
  return outcome === "tool_error"
    ? { type: "mcp_tool_execution_error", content: [{ type: "text", text: message }] }
    : { type: "mcp_protocol_error", code: SERVER_ERROR, message };
}

/** JSON-RPC's code for what a server has not named more closely. */
const SERVER_ERROR = -32_000;

function fitText(text: string): string {
  let most = MAX_RESULT_BYTES;
  let shown = cutText(text, most);
  while (new TextEncoder().encode(JSON.stringify(shown)).length > MAX_RESULT_BYTES) {
    most = Math.floor(most * 0.7);
    shown = cutText(text, most);
  }
  return shown;
}
