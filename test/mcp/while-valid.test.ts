import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Caller } from "../../src/auth/caller.ts";
import { inAccount } from "../../src/auth/in-account.ts";
import { parseBackendName } from "../../src/config/backend-name.ts";
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

/** A stream at `/mcp/wave:home`; `state.fresh` is who its credential is now. */
function open() {
  const state: { fresh: Caller | GatewayError } = { fresh: testCaller() };
  const authenticate = async () => {
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
  const later = async (): Promise<boolean> => {
    await vi.advanceTimersByTimeAsync(4_000);
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

test("ends when its caller sees something else", async () => {
  const { state, later } = open();
  state.fresh = testCaller({ policyId: "narrower" });
  expect(await later()).toBe(true);
});
