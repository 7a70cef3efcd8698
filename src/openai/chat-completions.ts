import type { Caller } from "../auth/caller.ts";
import type { Answering } from "../chat/answering.ts";
import { approvalRule } from "../chat/approval-rule.ts";
import { readDecision } from "../chat/approvals.ts";
import { beginAnswer } from "../chat/begin-answer.ts";
import { openAnswer } from "../chat/chat-event.ts";
import { chooseModel, type ChosenModel } from "../chat/choose-model.ts";
import { carryOut, planAnswer } from "../chat/deterministic-model.ts";
import { answerTask } from "../chat/task-answers.ts";
import type { LoopDeps } from "../chat/tool-loop.ts";
import { usableTools } from "../chat/usable-tools.ts";
import { GiveUp } from "../core/call-signal.ts";
import { asGatewayError } from "../core/errors.ts";
import type { JsonValue } from "../core/json.ts";
import type { CallContext, RequestContext } from "../gateway/gateway.ts";
import { asCompletion } from "./as-completion.ts";
import { asStream } from "./as-stream.ts";
import { parseChatRequest, requireAnswerable, type ChatRequest } from "./chat-wire.ts";
import { finerOf, openaiErrorResponse, retryHeaders } from "./openai-errors.ts";
import { progressStyle } from "./progress-style.ts";
import { relayStream, relayWhole } from "./raw-relay.ts";
import { readRequestJson } from "./request-json.ts";
import { isPage, openSseWriter, type SseWriter, STREAM_HEADERS } from "./sse-writer.ts";
import { beginSoon, soon } from "./soon.ts";
import { unknownModel } from "./unknown-model.ts";

export type ChatCall = LoopDeps &
  Readonly<{
    caller: Caller;
    context: RequestContext;
    request: Request;
  }>;

type LanguageModel = Extract<ChosenModel, { kind: "language_model" }>;

/** One chat request on its way to its answer. */
type Chat = Readonly<{
  call: ChatCall;
  asked: ChatRequest;
  /** Ends with the client, however that is found out. */
  life: GiveUp;
  /** The request's, with the signal of its life. */
  context: CallContext;
  /** The answer to a background task of Open WebUI where no language model gives one. */
  task: string | undefined;
}>;

/** `POST /v1/chat/completions`. */
export async function answerChat(call: ChatCall): Promise<Response> {
  const { caller, request } = call;
  const asked = parseChatRequest(await readRequestJson(request));
  const progress = progressStyle(caller.progress, request.headers);
  const life = new GiveUp();
  call.context.signal.addEventListener("abort", () => life.abort());
  const context: CallContext = { ...call.context, signal: life };
  const header = request.headers.get("x-openwebui-task");
  const task = answerTask({ question: asked.question, header });
  const chat: Chat = { call, asked, life, context, task };

  const chosen = await chooseModel(asked.model, call, caller, context);
  if (chosen === undefined) throw unknownModel(asked.model);
  if (chosen.kind === "language_model" && !(await needsLoop(chosen, chat))) {
    return relayAnswer(chosen, chat);
  }
  const begun = begin(chosen, chat);
  const head = openAnswer(asked.model, call.now());
  if (asked.stream) {
    const { includeUsage } = asked;
    const answering = await beginSoon(begun, context.after);
    return streamed(chat, (writer) =>
      asStream(answering, { head, includeUsage, progress }, writer),
    );
  }
  const answering = await begun;
  try {
    return Response.json(await asCompletion(answering, { head, progress }));
  } catch (thrown) {
    const error = asGatewayError(thrown);
    return openaiErrorResponse(error, {
      requestId: context.requestId,
      finer: finerOf(error),
      headers: retryHeaders(error, answering.mayBeRepeated()),
    });
  }
}

/** Background tasks must run nothing, and several answers to one question cannot share a tool. */
async function needsLoop({ scope }: LanguageModel, { call, asked, context, task }: Chat) {
  if (scope === undefined || task !== undefined || asked.n > 1) return false;
  if (readDecision(asked.word) !== undefined) return true;
  // The older form of tools answers in another shape, and only the client can carry its calls out.
  if (asked.body["tool_choice"] === "none" || isFilled(asked.body["functions"])) return false;
  return (await usableTools(call.gateway, call.caller, scope, context)).length > 0;
}

function isFilled(list: JsonValue | undefined): boolean {
  return Array.isArray(list) && list.length > 0;
}

/** The provider's own answer, made safe on its way. */
async function relayAnswer({ ref }: LanguageModel, chat: Chat): Promise<Response> {
  const { call, asked, context } = chat;
  const opened = call.llm.openRaw(ref, { body: asked.body, mayRetry: true }, context);
  const head = openAnswer(asked.model, call.now());
  const { name, timeoutMs } = ref.provider;
  const conceal = (error: unknown): unknown => call.llm.conceal(ref, error);
  const relay = { head, provider: name, timeoutMs, context, conceal };
  if (!asked.stream) return Response.json(await relayWhole(await opened, relay));
  await soon(opened, context.after);
  return streamed(chat, (writer) => relayStream(opened, relay, writer));
}

function streamed(
  { call, context, life }: Chat,
  write: (writer: SseWriter) => Promise<void>,
): Response {
  const writer = openSseWriter(() => life.abort(), isPage(call.request));
  context.waitUntil(write(writer));
  return new Response(writer.readable, {
    headers: { ...STREAM_HEADERS, "x-request-id": context.requestId },
  });
}

async function begin(chosen: ChosenModel, chat: Chat): Promise<Answering> {
  const { call, asked, context, task } = chat;
  const { caller, gateway } = call;
  if (chosen.kind === "language_model") {
    const decision = readDecision(asked.word);
    const { ref, scope, overview } = chosen;
    return beginAnswer(
      {
        caller,
        context,
        ref,
        scope,
        limits: overview.loop,
        body: asked.body,
        stream: asked.stream,
        needsApproval: approvalRule(caller.approvals ?? overview.loop.approvals),
        ...(decision === undefined ? {} : { decisions: [decision] }),
      },
      call,
    );
  }
  requireAnswerable(asked);
  const { scope } = chosen;
  const plan =
    task === undefined
      ? planAnswer(asked.question, await gateway.tools(caller, scope, context))
      : ({ kind: "say", text: task } as const);
  return carryOut(plan, { gateway, caller, scope, context, texts: asked.texts });
}
