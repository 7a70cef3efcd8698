import type { Answering } from "../chat/answering.ts";
import { approvalRule } from "../gateway/approval-rule.ts";
import { readDecision } from "../chat/approvals.ts";
import { beginAnswer } from "../chat/begin-answer.ts";
import { openAnswer } from "../chat/chat-event.ts";
import type { ChosenModel } from "../chat/choose-model.ts";
import { usableTools } from "../chat/usable-tools.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../core/json.ts";
import { asCompletion } from "./as-completion.ts";
import { asStream } from "./as-stream.ts";
import { parseChatRequest } from "./chat-wire.ts";
import {
  type ChatCall,
  openChat,
  type OpenChat,
  planUnprovided,
  streamAnswer,
  wholeAnswer,
} from "./open-chat.ts";
import { progressStyle } from "./progress-style.ts";
import { openRecord, recordedAnswer } from "./record-chat.ts";
import { relayStream, relayWhole } from "./raw-relay.ts";
import { readRequestJson } from "./request-json.ts";
import { beginSoon, soon } from "./soon.ts";

type LanguageModel = Extract<ChosenModel, { kind: "language_model" }>;

/** `POST /v1/chat/completions`. */
export async function answerChat(call: ChatCall): Promise<Response> {
  const asked = parseChatRequest(await readRequestJson(call.request));
  const progress = progressStyle(call.caller.progress, call.request.headers);
  const chat = await openChat(call, asked);
  const { chosen, context } = chat;
  if (chosen.kind === "language_model" && !(await needsLoop(chosen, chat))) {
    return relayAnswer(chosen, chat);
  }
  const begun = begin(chat);
  const head = openAnswer(asked.model, call.now());
  if (asked.stream) {
    const { includeUsage } = asked;
    const answering = await beginSoon(begun, context.after);
    return streamAnswer(chat, (writer) =>
      asStream(answering, { head, includeUsage, progress }, writer),
    );
  }
  return wholeAnswer(chat, await begun, (answering) => asCompletion(answering, { head, progress }));
}

/** Background tasks must run nothing, and several answers to one question cannot share a tool. */
async function needsLoop({ scope }: LanguageModel, { call, asked, context, task }: OpenChat) {
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
async function relayAnswer({ ref }: LanguageModel, chat: OpenChat): Promise<Response> {
  const { call, asked, context } = chat;
  const record = openRecord(chat, ref);
  const opened = call.llm.openRaw(ref, { body: asked.body, mayRetry: true }, context);
  const head = openAnswer(asked.model, call.now());
  const { name, timeoutMs } = ref.provider;
  let failure: unknown;
  let usage: JsonObject | undefined;
  const conceal = (error: unknown): unknown => {
    failure = error;
    return call.llm.conceal(ref, error);
  };
  const onUsage = (counted: JsonObject): void => {
    usage = counted;
  };
  const relay = { head, provider: name, timeoutMs, context, conceal, onUsage };
  try {
    if (!asked.stream) {
      const whole = await relayWhole(await opened, relay);
      record({ usage: isJsonObject(whole["usage"]) ? whole["usage"] : usage });
      return Response.json(whole);
    }
    await soon(opened, context.after);
  } catch (error) {
    record({ error });
    throw error;
  }
  return streamAnswer(chat, async (writer) => {
    await relayStream(opened, relay, writer);
    record({ error: failure, usage });
  });
}

async function begin(chat: OpenChat): Promise<Answering> {
  const { call, asked, chosen, context, task } = chat;
  const { caller, gateway } = call;
  if (chosen.kind === "deterministic") {
    const { scope } = chosen;
    const tools = task === undefined ? await gateway.tools(caller, scope, context) : [];
    return planUnprovided(chat, scope, tools);
  }
  const decision = readDecision(asked.word);
  const { ref, scope, overview } = chosen;
  const answering = beginAnswer(
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
  return recordedAnswer(answering, openRecord(chat, ref));
}
