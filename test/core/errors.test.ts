import { expect, test } from "vitest";
import { asGatewayError, GatewayError, onInternalError } from "../../src/core/errors.ts";

test("hands on what was thrown on purpose", () => {
  const error = new GatewayError("not_found", "Cannot find it");
  expect(asGatewayError(error)).toBe(error);
});

test("shows of anything else only an id, and tells the log the rest under it", () => {
  const told: string[] = [];
  onInternalError((id, detail) => told.push(id, detail));
  const shown = asGatewayError(new Error("password hunter2 in /etc/passwd"));
  expect(shown.code).toBe("internal");
  expect(shown.message).toMatch(/^Cannot answer: internal error [0-9a-f]{8}$/);
  expect(shown.message).toContain(told[0]);
  expect(told[1]).toContain("hunter2");
  onInternalError(() => {});
});
