import { expect, test } from "vitest";
import { gatewayHopId, hopProblem } from "../../src/core/hop.ts";

test("knows itself by an id that tells nothing of the secret it comes from", async () => {
  const id = await gatewayHopId("encryption-key");
  expect(id).toMatch(/^[0-9a-f]{16}$/);
  expect(await gatewayHopId("encryption-key")).toBe(id);
  expect(await gatewayHopId("another-key")).not.toBe(id);
});

test("refuses a request that has been here before, or went through too many", () => {
  expect(hopProblem(null, "me")).toBeUndefined();
  expect(hopProblem("other", "me")).toBeUndefined();
  expect(hopProblem("other, me", "me")).toBe("the gateway is configured as a backend of itself");
  expect(hopProblem("a,b,c,d,e", "me")).toBe("more than 4 gateways stand in a row");
});
