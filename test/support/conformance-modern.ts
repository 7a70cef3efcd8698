import { randomBytes } from "node:crypto";
import type { IncomingMessage } from "node:http";
import {
  CLIENT_CAPABILITIES_META_KEY,
  createMcpHandler,
  createRequestStateCodec,
  type InputRequests,
  type InputRequiredResult,
  inputRequired,
  McpServer,
  ProtocolError,
  ProtocolErrorCode,
  type RequestStateCodec,
  type ServerContext,
  type Tool,
} from "@modelcontextprotocol/server";
import * as z from "zod";
import { callTool, getPrompt, readResource } from "./conformance-behaviour.ts";
import { type Answer, type Back, PageNeeded, type Question } from "./conformance-client.ts";
import { COMPLETION, MODERN_TOOLS, TEMPLATES } from "./conformance-offer.ts";
import {
  answerLog,
  type ConformanceState,
  createConformanceState,
  heardMessage,
} from "./conformance-state.ts";
import { type ConformanceTasks, createTasks, TASKS_EXTENSION } from "./conformance-tasks.ts";
import { bodyOf, type Fixture, listenOnLoopback } from "./loopback-server.ts";

const clientCapabilities = z
  .object({ [CLIENT_CAPABILITIES_META_KEY]: z.record(z.string(), z.unknown()).optional() })
  .optional();

/** Answers of earlier rounds: a client sends only those of the last one. */
type Rounds = Readonly<{ answers: Readonly<Record<string, Answer>> }>;

/** The conformance server of 2026-07-28, which refuses the legacy era. */
export async function startModern(port?: number): Promise<Fixture> {
  const state = createConformanceState(MODERN_TOOLS);
  const tasks = createTasks(state);
  const rounds = createRounds();
  const handler = createMcpHandler(() => createServer(state, rounds), { legacy: "reject" });
  state.listen((change) => {
    if ("updated" in change) handler.notify.resourceUpdated(change.updated);
    else handler.notify[`${change.list}Changed`]();
  });
  return listenOnLoopback(
    async (request, response) => {
      if (answerLog(state, request, response)) return;
      const body = request.method === "POST" ? await bodyOf(request) : null;
      if (body !== null) hearBody(state, body);
      const task = body === null ? undefined : tasks.answer(body, request.headers);
      if (task !== undefined) {
        response.writeHead(task.status, { "content-type": "application/json" });
        response.end(JSON.stringify(task.body));
        return;
      }
      const abort = new AbortController();
      response.on("close", () => abort.abort());
      const reply = await handler.fetch(asWebRequest(request, body, abort.signal));
      response.writeHead(reply.status, Object.fromEntries(reply.headers));
      response.flushHeaders();
      for await (const chunk of reply.body ?? []) response.write(chunk);
      response.end();
    },
    port === undefined ? {} : { port },
  );
}

/** The same without HTTP: what makes the one server of a pipe, and the tasks beside it. */
export function createModernServer(): Readonly<{
  create: () => McpServer;
  tasks: ConformanceTasks;
}> {
  const state = createConformanceState(MODERN_TOOLS);
  const rounds = createRounds();
  const create = (): McpServer => {
    const product = createServer(state, rounds);
    state.listen((change) => {
      if ("updated" in change) void product.server.sendResourceUpdated({ uri: change.updated });
      else if (change.list === "tools") product.sendToolListChanged();
      else if (change.list === "prompts") product.sendPromptListChanged();
      else product.sendResourceListChanged();
    });
    return product;
  };
  return { create, tasks: createTasks(state) };
}

function createRounds(): RequestStateCodec<Rounds> {
  return createRequestStateCodec<Rounds>({
    key: randomBytes(32),
    bind: (context) => context.mcpReq.method,
  });
}

function asWebRequest(
  { method = "GET", headers: received, url }: IncomingMessage,
  body: string | null,
  signal: AbortSignal,
): Request {
  const headers = new Headers();
  for (const [name, value] of Object.entries(received)) headers.set(name, String(value));
  return new Request(`http://${received.host}${url}`, { method, headers, body, signal });
}

function hearBody(state: ConformanceState, body: string): void {
  try {
    const message: unknown = JSON.parse(body);
    if (typeof message === "object" && message !== null) state.hear(heardMessage(message));
  } catch {
    // Not JSON: the handler says so to the client, and there is nothing to remember.
  }
}

/** The SDK compares `Mcp-Param-*` with the arguments for the schemas this names. */
class ConformanceServer extends McpServer {
  override toolInputSchemaJson(name: string): Record<string, unknown> | undefined {
    return MODERN_TOOLS.find((tool) => tool.name === name)?.inputSchema;
  }
}

function createServer(state: ConformanceState, rounds: RequestStateCodec<Rounds>): McpServer {
  const product = new ConformanceServer(
    { name: "conformance-modern", version: "1.0.0" },
    {
      capabilities: {
        tools: { listChanged: true },
        prompts: { listChanged: true },
        resources: { listChanged: true, subscribe: true },
        completions: {},
        logging: {},
        extensions: { [TASKS_EXTENSION]: {} },
      },
      instructions: "For tests only",
      requestState: { verify: (sealed, context) => rounds.verify(sealed, context) },
    },
  );
  const { server } = product;
  // The same definitions: the two SDKs type a schema differently.
  server.setRequestHandler("tools/list", () => ({
    tools: structuredClone(state.tools()) as Tool[],
  }));
  server.setRequestHandler("prompts/list", () => ({ prompts: state.prompts() }));
  server.setRequestHandler("resources/list", () => ({ resources: state.resources() }));
  server.setRequestHandler("resources/templates/list", () => ({ resourceTemplates: TEMPLATES }));
  server.setRequestHandler("completion/complete", () => COMPLETION);
  server.setRequestHandler("resources/read", ({ params: { uri } }) => {
    const result = readResource(uri);
    if (result === undefined) {
      throw new ProtocolError(ProtocolErrorCode.InvalidParams, `Resource not found: ${uri}`, {
        uri,
      });
    }
    return result;
  });
  server.setRequestHandler("prompts/get", ({ params: { name, arguments: args = {} } }, context) =>
    inRounds(context, rounds, async (known) => {
      const result = await getPrompt(name, args, backTo(context, state, known));
      if (result !== undefined) return result;
      throw new ProtocolError(ProtocolErrorCode.InvalidParams, `Prompt not found: ${name}`);
    }),
  );
  server.setRequestHandler("tools/call", ({ params: { name, arguments: args = {} } }, context) => {
    const { signal } = context.mcpReq;
    const hearAbort = (): void => state.hear({ method: "aborted", params: { name } });
    signal.addEventListener("abort", hearAbort);
    return inRounds(context, rounds, async (known) => {
      const result = await callOrSend(name, args, backTo(context, state, known));
      if (result !== undefined) return result;
      throw new ProtocolError(ProtocolErrorCode.InvalidParams, `Unknown tool: ${name}`);
    }).finally(() => signal.removeEventListener("abort", hearAbort));
  });
  return product;
}

/** A page somebody has to be at is a question like the others in this era. */
async function callOrSend(
  name: string,
  args: Record<string, unknown>,
  back: Back,
): ReturnType<typeof callTool> {
  try {
    return await callTool(name, args, back);
  } catch (error) {
    if (!(error instanceof PageNeeded)) throw error;
    const { elicitationId, ...page } = error.page;
    const { visit } = await back.ask({
      visit: { method: "elicitation/create", params: { mode: "url", ...page } },
    });
    if (visit["action"] === "accept") back.state.completed.add(elicitationId);
    else return { content: [{ type: "text", text: "Not allowed" }], isError: true };
    return callTool(name, args, back);
  }
}

function backTo(
  context: ServerContext,
  state: ConformanceState,
  known: Readonly<Record<string, Answer>>,
): Back {
  const { _meta: meta, envelope } = context.mcpReq;
  const progressToken = meta?.progressToken;
  return {
    state,
    signal: context.mcpReq.signal,
    capabilities: { ...clientCapabilities.parse(envelope)?.[CLIENT_CAPABILITIES_META_KEY] },
    progress: async (progress, total) => {
      if (progressToken === undefined) return;
      await context.mcpReq.notify({
        method: "notifications/progress",
        params: { progressToken, progress, total },
      });
    },
    log: (data, level = "info") => context.mcpReq.log(level, data, "conformance"),
    ask: async (questions) => {
      if (Object.keys(questions).every((key) => Object.hasOwn(known, key))) {
        return known as Record<keyof typeof questions, Answer>;
      }
      throw new InputNeeded(questions);
    },
    completeUrl: async () => {},
    knownRoots: async () => undefined,
    closeStream: () => {},
  };
}

class InputNeeded extends Error {
  readonly questions: Readonly<Record<string, Question>>;
  constructor(questions: InputNeeded["questions"]) {
    super("input needed");
    this.questions = questions;
  }
}

/** One round of a call that may ask; the answers so far travel in the signed state. */
async function inRounds<Result>(
  context: ServerContext,
  rounds: RequestStateCodec<Rounds>,
  run: (known: Readonly<Record<string, Answer>>) => Promise<Result>,
): Promise<Result | InputRequiredResult> {
  const { inputResponses, requestState } = context.mcpReq;
  const answers = {
    ...requestState<Rounds>()?.answers,
    ...(inputResponses as Readonly<Record<string, Answer>> | undefined),
  };
  try {
    return await run(answers);
  } catch (error) {
    if (!(error instanceof InputNeeded)) throw error;
    const missing = Object.entries(error.questions).filter(([key]) => !Object.hasOwn(answers, key));
    return inputRequired({
      inputRequests: Object.fromEntries(missing.map(asInputRequest)),
      requestState: await rounds.mint({ answers }, context),
    });
  }
}

/** 2026-07-28 has no `elicitationId`: the state says what a page was for. */
function asInputRequest([key, { method, params }]: [string, Question]): [
  string,
  InputRequests[string],
] {
  const { elicitationId: _, ...rest } = params;
  return [key, { method, params: rest } as InputRequests[string]];
}
