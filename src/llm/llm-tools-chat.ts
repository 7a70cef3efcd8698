import * as z from "zod";
import { GiveUp } from "../core/call-signal.ts";
import { GatewayError } from "../core/errors.ts";
import type { JsonObject, JsonValue } from "../core/json.ts";
import { gatherAnswer } from "./llm-tools-answer.ts";
import { requireModel } from "./llm-tools-model.ts";
import { createProgress } from "./llm-tools-progress.ts";
import type { LlmDesk } from "./llm-tools-desk.ts";
import { DEFAULT_MAX_TOKENS } from "./llm-tools.ts";

/** As an answer with tools: by then the clients that wait longest have gone. */
const MAX_ANSWER_MS = 270_000;

/** What decides something here; the rest is the provider's to judge, in its own words. */
const CHAT_ARGUMENTS = z.looseObject({
  messages: z.array(z.looseObject({ role: z.string() })).min(1),
  model: z.string().max(300).nullish(),
  provider: z.string().max(300).nullish(),
});

/** What goes on to the provider as it came. */
const PASSED = [
  "temperature",
  "top_p",
  "stop",
  "seed",
  "reasoning_effort",
  "response_format",
  "tools",
  "tool_choice",
] as const;

/** One turn of one model, streamed from its provider, so that one sees it come about. */
export async function completeChat(args: JsonObject, desk: LlmDesk): Promise<JsonObject> {
  const { models, onProgress, now } = desk;
  const { model, provider } = readArguments(args);
  const usual = provider === undefined ? desk.defaultModel : undefined;
  const ref = await requireModel({ model: model ?? usual, provider }, desk);
  const heard = onProgress === undefined ? () => {} : createProgress(onProgress, now);
  const completion = await withinTime(desk, async (limited) => {
    const body = { ...bodyOf(args), stream: true };
    const events = await models.openTurn(ref, { body, mayRetry: true }, limited.context);
    return gatherAnswer(events, heard);
  });
  return { ...completion, provider: ref.provider.name };
}

function readArguments(
  args: JsonObject,
): Readonly<{ model: string | undefined; provider: string | undefined }> {
  const parsed = CHAT_ARGUMENTS.safeParse(args);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const where = issue?.path.join(".") ?? "";
    throw new GatewayError(
      "invalid_params",
      `Cannot read ${where === "" ? "the arguments" : `"${where}"`}: ${issue?.message ?? "not a chat"}`,
    );
  }
  // A model that fills in every argument writes "" where it has nothing to say.
  const { model, provider } = parsed.data;
  return { model: nonEmpty(model), provider: nonEmpty(provider) };
}

function nonEmpty(text: string | null | undefined): string | undefined {
  return text === null || text === "" ? undefined : text;
}

function bodyOf(args: JsonObject): JsonObject {
  const given = PASSED.flatMap((key): [string, JsonValue][] => {
    const value = args[key];
    return value === undefined || value === null ? [] : [[key, value]];
  });
  return {
    messages: args["messages"],
    max_tokens: args["max_tokens"] ?? DEFAULT_MAX_TOKENS,
    ...Object.fromEntries(given),
  };
}

/** Silence is the provider's own limit; this one is for a model that never stops talking. */
async function withinTime<Value>(
  { context }: LlmDesk,
  work: (limited: Pick<LlmDesk, "context">) => Promise<Value>,
): Promise<Value> {
  const giveUp = new GiveUp();
  let isLate = false;
  const onAbort = (): void => giveUp.abort();
  const inTime = context.after(MAX_ANSWER_MS, () => {
    isLate = true;
    giveUp.abort();
  });
  if (context.signal.aborted) giveUp.abort();
  context.signal.addEventListener("abort", onAbort);
  try {
    return await work({ context: { ...context, signal: giveUp } });
  } catch (error) {
    if (!isLate) throw error;
    throw new GatewayError(
      "backend_timeout",
      `Cannot complete the chat: the model did not finish within ${MAX_ANSWER_MS / 1_000} s`,
      { cause: error },
    );
  } finally {
    inTime();
    // A signal also fires when a finished request is torn down: that must not cancel anything.
    context.signal.removeEventListener("abort", onAbort);
  }
}
