import type { Caller } from "../auth/caller.ts";
import type { Answering } from "../chat/answering.ts";
import { chooseModel, type ChosenModel } from "../chat/choose-model.ts";
import { carryOut, planAnswer } from "../chat/deterministic-model.ts";
import { answerTask } from "../chat/task-answers.ts";
import type { LoopDeps } from "../chat/tool-loop.ts";
import { GiveUp } from "../core/call-signal.ts";
import { asGatewayError } from "../core/errors.ts";
import type { JsonObject } from "../core/json.ts";
import type { CallContext, RequestContext, Scope, VisibleTool } from "../gateway/gateway.ts";
import type { AuditTrail } from "../telemetry/audit-trail.ts";
import { type ChatRequest, requireAnswerable } from "./chat-wire.ts";
import { finerOf, openaiErrorResponse, retryHeaders } from "./openai-errors.ts";
import { isPage, openSseWriter, type SseWriter, STREAM_HEADERS } from "./sse-writer.ts";
import { unknownModel } from "./unknown-model.ts";

export type ChatCall = LoopDeps &
  Readonly<{
    caller: Caller;
    context: RequestContext;
    request: Request;
    audit: AuditTrail;
  }>;

/** One request on its way to its answer, in whichever dialect it came. */
export type OpenChat = Readonly<{
  call: ChatCall;
  asked: ChatRequest;
  /** Ends with the client, however that is found out. */
  life: GiveUp;
  /** The request's, with the signal of its life. */
  context: CallContext;
  chosen: ChosenModel;
  /** The answer to a background task of Open WebUI where no language model gives one. */
  task: string | undefined;
}>;

/** Throws an `OpenaiRefusal` for a model that is not there. */
export async function openChat(call: ChatCall, asked: ChatRequest): Promise<OpenChat> {
  const life = new GiveUp();
  call.context.signal.addEventListener("abort", () => life.abort());
  const context: CallContext = { ...call.context, signal: life };
  const chosen = await chooseModel(asked.model, call, call.caller, context);
  if (chosen === undefined) throw unknownModel(asked.model);
  const header = call.request.headers.get("x-openwebui-task");
  const task = answerTask({ question: asked.question, header });
  return { call, asked, life, context, chosen, task };
}

/** The answer where no language model is configured. Throws an `OpenaiRefusal`. */
export function planUnprovided(
  { call, asked, context, task }: OpenChat,
  scope: Scope,
  tools: readonly VisibleTool[],
): Answering {
  requireAnswerable(asked);
  const plan =
    task === undefined ? planAnswer(asked.question, tools) : ({ kind: "say", text: task } as const);
  const { gateway, caller } = call;
  return carryOut(plan, { gateway, caller, scope, context, texts: asked.texts });
}

/** The response whose stream `write` writes to the end. */
export function streamAnswer(
  { call, life, context }: OpenChat,
  write: (writer: SseWriter) => Promise<void>,
): Response {
  const writer = openSseWriter(() => life.abort(), isPage(call.request));
  context.waitUntil(write(writer));
  return new Response(writer.readable, {
    headers: { ...STREAM_HEADERS, "x-request-id": context.requestId },
  });
}

/** The response that `gather` makes of the whole answer. */
export async function wholeAnswer(
  { context }: OpenChat,
  answering: Answering,
  gather: (answering: Answering) => Promise<JsonObject>,
): Promise<Response> {
  try {
    return Response.json(await gather(answering));
  } catch (thrown) {
    const error = asGatewayError(thrown);
    return openaiErrorResponse(error, {
      requestId: context.requestId,
      finer: finerOf(error),
      headers: retryHeaders(error, answering.mayBeRepeated()),
    });
  }
}
