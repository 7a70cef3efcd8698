import type { Caller } from "../auth/caller.ts";
import { GiveUp } from "../core/call-signal.ts";
import { asGatewayError } from "../core/errors.ts";
import type { RequestContext, Gateway, Scope } from "../gateway/gateway.ts";
import { readJsonText } from "../http/json-body.ts";
import { asCompletion } from "./as-completion.ts";
import { asStream } from "./as-stream.ts";
import { openAnswer } from "../chat/chat-event.ts";
import { parseChatRequest, type ChatRequest } from "./chat-wire.ts";
import { carryOut, planAnswer, type Plan } from "../chat/deterministic-model.ts";
import { findScope } from "./models.ts";
import { finerOf, OpenaiRefusal, openaiErrorResponse } from "./openai-errors.ts";
import { answerTask } from "../chat/task-answers.ts";
import { openSseWriter, STREAM_HEADERS } from "./sse-writer.ts";
import { unknownModel } from "./unknown-model.ts";

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
  const life = new GiveUp();
  context.signal.addEventListener("abort", () => life.abort());
  const answering = carryOut(plan, {
    gateway,
    caller,
    scope,
    context: { ...context, signal: life },
    texts: chat.texts,
  });

  if (chat.stream) {
    const writer = openSseWriter(() => life.abort());
    context.waitUntil(asStream(answering, { head, includeUsage: chat.includeUsage }, writer));
    return new Response(writer.readable, {
      headers: { ...STREAM_HEADERS, "x-request-id": context.requestId },
    });
  }
  try {
    return Response.json(await asCompletion(answering, head));
  } catch (thrown) {
    const error = asGatewayError(thrown);
    return openaiErrorResponse(error, {
      requestId: context.requestId,
      finer: finerOf(error),
      // SDKs send 408, 409, 429 and 5xx again by themselves.
      headers: answering.mayBeRepeated() ? {} : { "x-should-retry": "false" },
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
