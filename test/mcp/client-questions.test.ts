import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { GiveUp } from "../../src/core/call-signal.ts";
import type { JsonObject } from "../../src/core/json.ts";
import { ClientQuestions } from "../../src/mcp/client-questions.ts";

const WAIT_MS = 10 * 60 * 1_000;
const QUESTION = { method: "elicitation/create", params: { message: "Who?" } };

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
});
afterEach(() => {
  vi.useRealTimers();
});

function ask(questions = new ClientQuestions(), signal = new GiveUp()) {
  const sent: JsonObject[] = [];
  const answer = questions.put(QUESTION, signal, (message) => sent.push(message));
  const outcome = answer.catch((error: unknown) => error);
  return { questions, signal, sent, outcome, id: sent[0]?.["id"] as string };
}

test("a client that never answers is told to forget the question, and the call gets an error", async () => {
  const { sent, outcome, id } = ask();
  await vi.advanceTimersByTimeAsync(WAIT_MS - 1);
  expect(sent).toMatchObject([{ id, ...QUESTION }]);
  await vi.advanceTimersByTimeAsync(1);
  expect(sent[1]).toMatchObject({ method: "notifications/cancelled", params: { requestId: id } });
  expect(await outcome).toMatchObject({ code: "cancelled" });
  expect(vi.getTimerCount()).toBe(0);
});

test("only the one answer to the question counts, whatever else is posted", async () => {
  const { questions, outcome, id, sent } = ask();
  for (const forged of [undefined, null, 1, "", "q-1", `${id} `, { id }]) {
    questions.answer({
      ...(forged === undefined ? {} : { id: forged }),
      result: { who: "forger" },
    });
  }
  questions.answer({ id, result: { who: "client" } });
  questions.answer({ id, result: { who: "late" } });
  expect(await outcome).toEqual({ who: "client" });
  expect([sent.length, vi.getTimerCount()]).toEqual([1, 0]);
});

test("a refusal reaches the backend in the client's words, bounded", async () => {
  const { questions, outcome, id } = ask();
  questions.answer({ id, error: { code: -1, message: "x".repeat(5_000) } });
  expect(await outcome).toMatchObject({ error: { code: -1, message: "x".repeat(2_000) } });
});

test("a question is withdrawn when nobody waits for its answer any more", async () => {
  const { signal, sent, outcome, id } = ask();
  signal.abort();
  expect(sent[1]).toMatchObject({ method: "notifications/cancelled", params: { requestId: id } });
  expect(await outcome).toMatchObject({ code: "cancelled" });
  const late = ask(new ClientQuestions(), signal);
  expect(await late.outcome).toMatchObject({ code: "cancelled" });
  expect(late.sent).toEqual([]);
});

test("the end of a session ends its questions", async () => {
  const { questions, outcome } = ask();
  questions.end();
  expect(await outcome).toMatchObject({ code: "cancelled" });
  expect(vi.getTimerCount()).toBe(0);
});

test("refuses the question of a backend that asks in a loop", async () => {
  const questions = new ClientQuestions();
  const open = Array.from({ length: 50 }, () => ask(questions));
  expect(await ask(questions).outcome).toMatchObject({ code: "rate_limited" });
  questions.end();
  await Promise.all(open.map(({ outcome }) => outcome));
});
