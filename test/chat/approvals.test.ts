import { expect, test } from "vitest";
import { readDecision } from "../../src/chat/approvals.ts";

test("takes a decision only where a whole message is one", () => {
  expect(readDecision("approve ABCD2345")).toEqual({ code: "ABCD2345", approve: true });
  expect(readDecision("  Deny `abcd2345`. ")).toEqual({ code: "ABCD2345", approve: false });
  expect(readDecision("**approve abcd2345**")).toEqual({ code: "ABCD2345", approve: true });
  expect(readDecision("please approve ABCD2345")).toBeUndefined();
  expect(readDecision("approve ABCD2345 and the rest")).toBeUndefined();
  expect(readDecision("approve everything")).toBeUndefined();
  expect(readDecision(`approve ABCD2345${" ".repeat(200)}unless it costs money`)).toBeUndefined();
  expect(readDecision(`approve ${"A".repeat(100_000)}`)).toBeUndefined();
});
