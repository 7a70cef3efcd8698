import { GiveUp } from "../core/call-signal.ts";
import type { JsonObject } from "../core/json.ts";
import { RPC_CODES, type RequestId } from "../core/json-rpc.ts";
import { type Ask, asQuestionError, type Question } from "../core/question.ts";

/** More questions than this at once is no conversation; a backend in a loop is stopped here. */
const MAX_OPEN = 20;
/** And this many in one call, one after the other. */
const MAX_PER_CALL = 100;

/** The questions a legacy backend has put in the middle of one call. */
export type Questions = Readonly<{
  /** Asks the client and tells the backend; never rejects. */
  put: (id: RequestId, question: Question) => Promise<void>;
  /** The backend no longer wants an answer (`notifications/cancelled`). */
  withdraw: (id: unknown) => void;
  /** The call is over: nobody needs the answers any more. */
  end: () => void;
}>;

export function createQuestions(
  ask: Ask,
  reply: (message: JsonObject) => Promise<void>,
  on: Readonly<{ onFirst: () => void; onLast: () => void }>,
): Questions {
  const open = new Map<RequestId, GiveUp>();
  let asked = 0;
  let isOver = false;

  async function answer(question: Question, signal: GiveUp): Promise<JsonObject> {
    asked += 1;
    if (open.size > MAX_OPEN || asked > MAX_PER_CALL) {
      return {
        error: { code: RPC_CODES.internalError, message: "Too many questions in one call" },
      };
    }
    try {
      return { result: await ask(question, signal) };
    } catch (error) {
      return { error: asQuestionError(error) };
    }
  }

  return {
    async put(id, question) {
      if (isOver) return;
      const signal = new GiveUp();
      if (open.size === 0) on.onFirst();
      open.set(id, signal);
      const outcome = await answer(question, signal);
      if (isOver) return;
      open.delete(id);
      if (open.size === 0) on.onLast();
      if (!signal.aborted) await reply({ jsonrpc: "2.0", id, ...outcome });
    },
    withdraw(id) {
      if (typeof id === "string" || typeof id === "number") open.get(id)?.abort();
    },
    end() {
      isOver = true;
      for (const signal of open.values()) signal.abort();
      open.clear();
    },
  };
}
