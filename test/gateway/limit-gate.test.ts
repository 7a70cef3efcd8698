import { expect, test } from "vitest";
import { GiveUp } from "../../src/core/call-signal.ts";
import { createLimitGate } from "../../src/gateway/limit-gate.ts";
import type { Entered, LimitStub } from "../../src/gateway/limit-stub.ts";
import { http, orderFor } from "../support/backend-calls.ts";
import { testCaller } from "../support/test-caller.ts";

/** A gate before one backend, and what it says to whoever counts. */
function gate(enter: () => Promise<Entered> = async () => ({ kind: "in" })) {
  const said: string[] = [];
  const stub: LimitStub = {
    enter() {
      said.push("enter");
      return enter();
    },
    async leave(_seat, how) {
      said.push(how === undefined ? "leave" : `leave ${how}`);
    },
    stay: async () => {},
    use: async () => ({ underWay: 0, minute: 0, day: 0 }),
  };
  const signal = new GiveUp();
  const { config } = orderFor(http("https://narrow.test/mcp"), { limits: { concurrent: 1 } });
  const context = { requestId: "r", signal, waitUntil: () => {}, after: () => () => {} };
  const { enter: come } = createLimitGate({ stub: () => stub, now: () => 0 });
  const call = { caller: testCaller(), config, action: 'call tool "x"', context };
  return { said, signal, come: () => come(call) };
}

test("stands in no line for a client that has left already", async () => {
  const { said, signal, come } = gate();
  signal.abort();
  await expect(come()).rejects.toMatchObject({ code: "cancelled" });
  expect(said).toEqual([]);
});

test("gives back what it may have been given where the answer is lost", async () => {
  const { said, come } = gate(() => Promise.reject(new Error("Network connection lost")));
  await expect(come()).rejects.toMatchObject({ code: "unavailable" });
  expect(said).toEqual(["enter", "leave"]);
});

test("leaves the line with its client", async () => {
  const { promise, resolve } = Promise.withResolvers<Entered>();
  const { said, signal, come } = gate(() => promise);
  const coming = come();
  signal.abort();
  resolve({ kind: "in" });
  await expect(coming).rejects.toMatchObject({ code: "cancelled" });
  expect(said).toEqual(["enter", "leave", "leave uncounted"]);
});
