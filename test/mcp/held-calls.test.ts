import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { HeldCall } from "../../src/mcp/held-call.ts";
import { HeldCalls } from "../../src/mcp/held-calls.ts";
import { GiveUp } from "../../src/core/call-signal.ts";
import { STATE_LIFE_MS } from "../../src/mcp/request-state.ts";
import { underToken } from "../../src/mcp/under-token.ts";
import { testCaller } from "../support/test-caller.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
});
afterEach(() => {
  vi.useRealTimers();
});

const caller = testCaller();
const QUESTION = { method: "elicitation/create", params: { message: "Who?" } };

function hold(calls = new HeldCalls()) {
  const call = new HeldCall({ elicitation: {} });
  const { handle } = calls.start(caller, call);
  return { calls, call, handle };
}

test("a client that never comes back with answers: the call ends and is not known any more", async () => {
  const { calls, call, handle } = hold();
  const outcome = call.ask(QUESTION, new GiveUp()).catch((error: unknown) => error);
  calls.park(handle);
  await vi.advanceTimersByTimeAsync(STATE_LIFE_MS - 1);
  expect(call.signal.aborted).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  expect(call.signal.aborted).toBe(true);
  expect(await outcome).toMatchObject({ error: { code: -32800 } });
  expect(calls.resume(caller, handle, "late")).toBeUndefined();
  expect(vi.getTimerCount()).toBe(0);
});

test("a client that comes back in time has as long as the call takes", async () => {
  const { calls, call, handle } = hold();
  calls.park(handle);
  await vi.advanceTimersByTimeAsync(STATE_LIFE_MS - 1);
  expect(calls.resume(caller, handle, "retry")).toBe(call);
  await vi.advanceTimersByTimeAsync(STATE_LIFE_MS);
  expect(call.signal.aborted).toBe(false);
});

test("another credential of the same user does not know a held call", () => {
  const { calls, handle } = hold();
  const other = testCaller({ credentialId: "key-2" });
  expect(calls.resume(other, handle, "theirs")).toBeUndefined();
});

test("only the newest request of a client that waits can abandon the call", () => {
  const { calls, call, handle } = hold();
  calls.resume(caller, handle, "first");
  calls.resume(caller, handle, "second");
  calls.abandon("first");
  expect(call.signal.aborted).toBe(false);
  calls.abandon("second");
  expect(call.signal.aborted).toBe(true);
  expect(calls.resume(caller, handle, "third")).toBeUndefined();
});

test("a call whose client has been asked is not abandoned by the end of that request", () => {
  const { calls, call, handle } = hold();
  calls.resume(caller, handle, "first");
  calls.park(handle);
  calls.abandon("first");
  expect(call.signal.aborted).toBe(false);
  calls.end(handle);
});

test("two requests that wait for the same call are told the same", async () => {
  const { call } = hold();
  const turns = [call.turn(), call.turn()];
  const answer = call.ask(QUESTION, new GiveUp());
  await vi.advanceTimersByTimeAsync(100);
  const [first, second] = await Promise.all(turns);
  expect(first).toMatchObject({ kind: "asked" });
  expect(second).toEqual(first);
  call.answer({ "question-1": { action: "accept" } });
  expect(await answer).toEqual({ action: "accept" });
  const ends = [call.turn(), call.turn()];
  call.finish({ text: "{}", status: 200 });
  for (const end of ends) expect(await end).toMatchObject({ kind: "done" });
});

test("one user holds fifty calls at most", () => {
  const { calls } = hold();
  for (let count = 1; count < 50; count += 1) hold(calls);
  expect(() => hold(calls)).toThrow(/50 calls wait/);
});

test("what a backend reports while its client is away with a question is told when it is back", () => {
  const { calls, call, handle } = hold();
  const first: unknown[] = [];
  const second: unknown[] = [];
  const progress = (count: number) =>
    ({ jsonrpc: "2.0", method: "notifications/progress", params: { progress: count } }) as const;
  call.listen((notification) => first.push(notification));
  call.notify(progress(1));
  calls.park(handle);
  call.notify(progress(2));
  calls.resume(caller, handle, "retry");
  call.listen((notification) => second.push(notification));
  call.notify(progress(3));
  expect(first).toEqual([progress(1)]);
  expect(second).toEqual([progress(2), progress(3)]);
  calls.end(handle);
});

test("progress goes under the token of the request that waits, or not at all", () => {
  const progress = {
    jsonrpc: "2.0",
    method: "notifications/progress",
    params: { progressToken: "first", progress: 1 },
  } as const;
  const log = { jsonrpc: "2.0", method: "notifications/message", params: {} } as const;
  const second = { params: { _meta: { progressToken: 2 } } };
  expect(underToken(progress, second)).toMatchObject({ params: { progressToken: 2, progress: 1 } });
  expect(underToken(progress, { params: {} })).toBeUndefined();
  expect(underToken(log, { params: {} })).toBe(log);
});
