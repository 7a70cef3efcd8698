import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Caller } from "../../src/auth/caller.ts";
import { inAccount } from "../../src/auth/in-account.ts";
import { parseBackendName } from "../../src/config/backend-name.ts";
import type { Registry } from "../../src/config/registry.ts";
import { createSnapshotSource } from "../../src/config/snapshot.ts";
import { GatewayError } from "../../src/core/errors.ts";
import type { Exchange } from "../../src/mcp/exchange.ts";
import { whileValid } from "../../src/mcp/while-valid.ts";
import { testCaller } from "../support/test-caller.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
});
afterEach(() => {
  vi.useRealTimers();
});

const backend = parseBackendName("wave");

/** A stream at `/mcp/wave:home`; `state.fresh` is who its credential is, to whom asks now. */
function open(look: () => Promise<unknown> = () => Promise.resolve()) {
  const state: { fresh: Caller | GatewayError } = { fresh: testCaller() };
  const authenticate = async () => {
    await look();
    if (state.fresh instanceof GatewayError) throw state.fresh;
    return state.fresh;
  };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what is asked of it
  const exchange = {
    deps: { authenticator: { authenticate } },
    scope: { kind: "one", backend },
    account: "home",
  } as unknown as Exchange;
  const caller = inAccount(testCaller(), { backend, name: "home" });
  let say = (): void => {};
  const source = new ReadableStream<Uint8Array>({
    start: (controller) => {
      say = () => controller.enqueue(new TextEncoder().encode(": still here"));
    },
  });
  const reader = whileValid(exchange, caller, new Response(source)).body?.getReader();
  const read = (): Promise<boolean> =>
    reader?.read().then(
      ({ done }) => done,
      () => true,
    ) ?? Promise.resolve(true);
  /** Whether it is over at the next check. */
  const later = async (ms = 4_000): Promise<boolean> => {
    await vi.advanceTimersByTimeAsync(ms);
    say();
    return read();
  };
  return { state, later };
}

test("goes on while its credential is good, also at the address of an account", async () => {
  const { state, later } = open();
  expect(await later()).toBe(false);
  state.fresh = new GatewayError("unavailable", "Cannot check the token");
  expect(await later()).toBe(false);
});

test("ends with its credential", async () => {
  const { state, later } = open();
  state.fresh = new GatewayError("unauthorized", "Cannot answer");
  expect(await later()).toBe(true);
});

test.each([0.1, 1.6, 2.1, 3.9])(
  "ends within 5 s of a removal, %d s after it began, by what its isolate knows",
  async (began) => {
    let clock = 0;
    let isRemoved = false;
    const context = { waitUntil: () => {} };
    const answer: unknown = { snapshot: async () => ({ change: Number(isRemoved) }) };
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what is asked of it
    const registry = () => answer as Registry;
    const snapshots = createSnapshotSource(registry, () => clock);
    const stream = open(async () => {
      const { change } = await snapshots.current(context);
      if (change === 1) stream.state.fresh = new GatewayError("unauthorized", "Cannot answer");
    });
    await snapshots.current(context);
    for (; clock < (began + 4) * 1_000; clock += 100) {
      isRemoved = clock >= began * 1_000;
      // oxlint-disable-next-line no-await-in-loop -- time goes on step by step
      await vi.advanceTimersByTimeAsync(100);
    }
    clock += 900;
    expect(await stream.later(1_000)).toBe(true);
  },
);

test("ends when its caller sees something else", async () => {
  const { state, later } = open();
  state.fresh = testCaller({ policyId: "narrower" });
  expect(await later()).toBe(true);
});
