import type { CallSignal } from "../core/call-signal.ts";
import { GatewayError } from "../core/errors.ts";
import { isJsonObject, type JsonObject } from "../core/json.ts";
import type { Answer, RpcResponse } from "../core/json-rpc.ts";
import { type Ask, type Question, QuestionRefused } from "../core/question.ts";

/** As the SDK's server allows: a backend that asks more often is going in circles. */
const MAX_ROUNDS = 10;
const MAX_QUESTIONS = 20;

/** What a modern backend wants to know before it can answer (2026-07-28, server/utilities/mrtr). */
export type InputRequired = Readonly<{
  questions: ReadonlyMap<string, Question>;
  /** The backend's own, to be given back byte for byte. */
  requestState: string | undefined;
}>;

/** Undefined for every other answer. */
export function readInputRequired(message: RpcResponse): InputRequired | undefined {
  if ("error" in message || message.result["resultType"] !== "input_required") return undefined;
  const { inputRequests, requestState } = message.result;
  const questions = new Map<string, Question>();
  for (const [key, asked] of Object.entries(isJsonObject(inputRequests) ? inputRequests : {})) {
    if (!isJsonObject(asked) || typeof asked["method"] !== "string") continue;
    const params = isJsonObject(asked["params"]) ? asked["params"] : {};
    questions.set(key, { method: asked["method"], params });
  }
  return {
    questions,
    requestState: typeof requestState === "string" ? requestState : undefined,
  };
}

/**
 * Asks the client what a modern backend wants to know and sends the request again, until there is a
 * result: for clients that are asked directly, because they are legacy or their call is held.
 */
export async function answerInput(
  first: Answer,
  io: Readonly<{
    ask: Ask;
    signal: CallSignal;
    /** Sends the request again with these members added to its params. */
    again: (members: JsonObject) => Promise<Answer>;
    /** For messages: `call tool "x"`. */
    action: string;
  }>,
): Promise<Answer> {
  let answer = first;
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const wanted = readInputRequired(answer.message());
    if (wanted === undefined) return answer;
    if (wanted.questions.size > MAX_QUESTIONS) throw failed(io.action, "asks too much at once");
    const inputResponses = await askAll(wanted.questions, io);
    const { requestState } = wanted;
    answer = await io.again({
      inputResponses,
      ...(requestState === undefined ? {} : { requestState }),
    });
  }
  throw failed(io.action, `asked its client more than ${MAX_ROUNDS} times`);
}

async function askAll(
  questions: InputRequired["questions"],
  { ask, signal, action }: Readonly<{ ask: Ask; signal: CallSignal; action: string }>,
): Promise<JsonObject> {
  try {
    const answered = await Promise.all(
      [...questions].map(async ([key, question]) => [key, await ask(question, signal)] as const),
    );
    return Object.fromEntries(answered);
  } catch (error) {
    // There is no way to tell a modern backend that its question was refused.
    if (error instanceof QuestionRefused) throw failed(action, `got no answer: ${error.message}`);
    throw error;
  }
}

function failed(action: string, reason: string): GatewayError {
  return new GatewayError("backend_failed", `Cannot ${action}: the backend ${reason}`);
}
