import type { Answering } from "../chat/answering.ts";
import { approvalRule } from "../gateway/approval-rule.ts";
import { readDecision } from "../chat/approvals.ts";
import { beginAnswer } from "../chat/begin-answer.ts";
import type { ChatAsk } from "../chat/chat-ask.ts";
import { usableTools } from "../chat/usable-tools.ts";
import type { JsonObject } from "../core/json.ts";
import type { VisibleTool } from "../gateway/gateway.ts";
import { asResponse, asResponses } from "./as-responses.ts";
import {
  type ChatCall,
  openChat,
  type OpenChat,
  planUnprovided,
  streamAnswer,
  wholeAnswer,
} from "./open-chat.ts";
import { openRecord, recordedAnswer } from "./record-chat.ts";
import { progressStyle } from "./progress-style.ts";
import type { CallStyle } from "./responses-calls.ts";
import { labelIn, listedTools, type McpServer, toMcpServers } from "./responses-mcp.ts";
import { openResponse } from "./responses-object.ts";
import { invalid } from "./responses-refusal.ts";
import type { ResponseParts } from "./responses-teller.ts";
import { readRequestJson } from "./request-json.ts";
import { parseResponsesRequest, type ResponsesRequest } from "./responses-wire.ts";
import { beginSoon } from "./soon.ts";

export type ResponsesCall = ChatCall &
  Readonly<{
    /** Which of our own origins a request came to. */
    ownOrigin: (request: Request) => string | undefined;
  }>;

/** One request on its way to its answer. */
type Job = Readonly<{
  call: ResponsesCall;
  asked: ResponsesRequest;
  chat: OpenChat;
  servers: readonly McpServer[];
  /** Of ours, that the model may use. */
  tools: readonly VisibleTool[];
}>;

/** `POST /v1/responses`. */
export async function answerResponses(call: ResponsesCall): Promise<Response> {
  const asked = parseResponsesRequest(await readRequestJson(call.request));
  const style = callStyle(call, asked);
  const chat = await openChat(call, asked.chat);
  const job = await openJob({ call, asked, chat });
  const begun = begin(job);
  const parts = partsOf(job, style);
  if (!asked.chat.stream) {
    return wholeAnswer(chat, await begun, (answering) => asResponse(answering, parts));
  }
  const answering = await beginSoon(begun, chat.context.after);
  return streamAnswer(chat, (writer) => asResponses(answering, parts, writer));
}

/** Calls are shown as what the client knows: OpenAI's own items, but to Open WebUI as cards. */
function callStyle({ caller, request }: ResponsesCall, { tools }: ResponsesRequest): CallStyle {
  const { headers } = request;
  const progress = progressStyle(caller.progress, headers);
  if (tools.mcp.length > 0 || headers.has("x-stainless-lang")) return "mcp";
  return progress === "events" ? "function" : "mcp";
}

async function openJob(begun: Pick<Job, "call" | "asked" | "chat">): Promise<Job> {
  const { call, asked, chat } = begun;
  const { caller, gateway, request, ownOrigin } = call;
  const { mcp, choice } = asked.tools;
  const { context, task } = chat;
  const { scope } = chat.chosen;
  const isBare = scope === undefined || task !== undefined;
  const usable = isBare ? [] : await usableTools(gateway, caller, scope, context);
  if (mcp.length === 0) {
    if (choice.kind === "mcp") throw unknownLabel();
    return { ...begun, servers: [], tools: usable };
  }
  if (scope === undefined) {
    throw invalid("tools", `the model "${asked.chat.model}" works without tools of this gateway`);
  }
  const backends = await gateway.status(caller, context);
  const servers = toMcpServers(mcp, {
    backends: backends.map(({ name }) => name),
    origins: [new URL(request.url).origin, ownOrigin(request) ?? ""],
  });
  const tools = usable.filter((tool) => servers.some(({ has }) => has(tool)));
  return { ...begun, servers, tools };
}

async function begin(job: Job): Promise<Answering> {
  const { call, asked, servers, tools } = job;
  const { chosen, context, task } = job.chat;
  if (chosen.kind === "deterministic") return planUnprovided(job.chat, chosen.scope, tools);
  const { caller } = call;
  const { chat } = asked;
  const { ref, overview } = chosen;
  const { loop } = overview;
  const ownRule = approvalRule(caller.approvals ?? loop.approvals);
  const typed = readDecision(chat.word);
  const { decisions } = asked.input;
  const ask: ChatAsk = {
    caller,
    context,
    ref,
    scope: task === undefined ? chosen.scope : undefined,
    limits: { ...loop, maxCalls: Math.min(loop.maxCalls, asked.maxToolCalls ?? Infinity) },
    body: { ...chat.body, ...chosenTool(job) },
    stream: chat.stream,
    needsApproval: (tool) =>
      ownRule(tool) || servers.find(({ has }) => has(tool))?.asksFor(tool) === true,
    decisions: decisions.length === 0 && typed !== undefined ? [typed] : decisions,
  };
  const record = openRecord(job.chat, ref);
  if (servers.length === 0) return recordedAnswer(beginAnswer(ask, call), record);
  const offered = new Set(tools.map(({ exposedName }) => exposedName));
  const mayOffer: ChatAsk["mayOffer"] = ({ exposedName }) => offered.has(exposedName);
  return recordedAnswer(beginAnswer({ ...ask, mayOffer }, call), record);
}

/** A choice of a server or of one of its tools, as chat puts it. */
function chosenTool({ asked, servers, tools }: Job): JsonObject {
  const { choice } = asked.tools;
  if (choice.kind === "chat") return {};
  const server = servers.find(({ label }) => label === choice.label);
  if (server === undefined) throw unknownLabel();
  if (choice.name === undefined) return { tool_choice: "required" };
  const tool = tools.find(
    (known) =>
      server.has(known) && (known.ownName === choice.name || known.exposedName === choice.name),
  );
  if (tool === undefined) throw invalid("tool_choice.name", "there is no such tool");
  return { tool_choice: { type: "function", function: { name: tool.name } } };
}

function unknownLabel(): Error {
  return invalid("tool_choice.server_label", 'no entry of "tools" has this label');
}

function partsOf({ call, asked, servers, tools }: Job, style: CallStyle): ResponseParts {
  const { input, chat, body } = asked;
  const missing = servers.filter(({ label }) => !input.listed.has(label));
  return {
    head: openResponse(chat.model, call.now()),
    request: body,
    style,
    lists: missing.map((server) => ({ label: server.label, tools: listedTools(server, tools) })),
    labelOf: (tool) => labelIn(servers, tool),
    approvedBy: input.approvedBy,
  };
}
