import type { Caller } from "../auth/caller.ts";
import { asGatewayError } from "../core/errors.ts";
import type { RequestContext, Gateway, Scope } from "../gateway/gateway.ts";
import { readJsonText } from "../http/json-body.ts";
import { asCompletion } from "./as-completion.ts";
import { asStream } from "./as-stream.ts";
import { openAnswer, type ChatUsage } from "./chat-event.ts";
import { parseChatRequest, type ChatRequest } from "./chat-wire.ts";
import { carryOut, planAnswer, type Plan } from "./deterministic-model.ts";
import { findScope } from "./models.ts";
import { OpenaiRefusal, openaiErrorResponse } from "./openai-errors.ts";
import { answerTask } from "./task-answers.ts";
import { unknownModel } from "./unknown-model.ts";
import { wordUsage } from "./word-usage.ts";

const STREAM_HEADERS = {
  "content-type": "text/event-stream",
  // A development proxy compresses and so buffers streams that do not forbid it.
  "cache-control": "no-cache, no-transform",
  "x-accel-buffering": "no",
};

export type ChatCall = Readonly<{
  gateway: Gateway;
  caller: Caller;
  context: RequestContext;
  request: Request;
}>;

/** `POST /v1/chat/completions`. */
export async function answerChat(call: ChatCall): Promise<Response> {
  const { gateway, caller, context, request } = call;
  const chat = parseChatRequest(parseJson(await readJsonText(request)));
  const scope = findScope(chat.model, await gateway.status(caller, context));
  if (scope === undefined) throw unknownModel(chat.model);
  const plan = await planFor(chat, scope, call);
  const head = openAnswer(chat.model, Date.now());
  const usageOf = (answer: string): ChatUsage => wordUsage(chat.texts, answer);
  const start = (signal: AbortSignal): ReturnType<typeof carryOut> =>
    carryOut(plan, { gateway, caller, scope, context: { ...context, signal } });

  if (chat.stream) {
    return new Response(
      asStream((hangUp) => start(AbortSignal.any([context.signal, hangUp])), {
        head,
        usageOf: chat.includeUsage ? usageOf : undefined,
      }),
      { headers: { ...STREAM_HEADERS, "x-request-id": context.requestId } },
    );
  }
  try {
    return Response.json(await asCompletion(start(context.signal), { head, usageOf }));
  } catch (thrown) {
    const error = asGatewayError(thrown);
    // SDKs send 408, 409, 429 and 5xx again by themselves, and the tool may have run; only the
    // limit stands before it.
    const mayHaveRun = plan.kind === "run" && error.code !== "rate_limited";
    return openaiErrorResponse(error, {
      requestId: context.requestId,
      headers: mayHaveRun ? { "x-should-retry": "false" } : {},
    });
  }
}

async function planFor(chat: ChatRequest, scope: Scope, call: ChatCall): Promise<Plan> {
  const header = call.request.headers.get("x-openwebui-task");
  const task = answerTask({ question: chat.question, header });
  if (task !== undefined) return { kind: "say", text: task };
  return planAnswer(chat.question, await call.gateway.tools(call.caller, scope, call.context));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new OpenaiRefusal("invalid_request", "Cannot read the request body: it is not JSON", {
      code: "invalid_json",
    });
  }
}
