import { expect, test } from "vitest";
import { GatewayError } from "../../src/core/errors.ts";
import { problemResponse, statusOf } from "../../src/http/problem.ts";

test("answers an error with its code, message and request id, never its detail", async () => {
  const error = new GatewayError("not_found", 'Cannot find "x"', { detail: "secret detail" });
  const answer = problemResponse(error, "request-1");
  expect(answer.status).toBe(404);
  expect(answer.headers.get("x-request-id")).toBe("request-1");
  expect(await answer.json()).toEqual({
    error: { code: "not_found", message: 'Cannot find "x"', request_id: "request-1" },
  });
});

test("says when to come back where another try makes sense", () => {
  const own = new GatewayError("rate_limited", "Cannot answer: too much", { retryAfter: 6.2 });
  expect(problemResponse(own, "r").headers.get("retry-after")).toBe("7");
  const down = new GatewayError("unavailable", "Cannot answer: storage is not reachable");
  expect(problemResponse(down, "r").headers.get("retry-after")).toBe("5");
  const broken = new GatewayError("invalid_request", "Cannot read it");
  expect(problemResponse(broken, "r").headers.get("retry-after")).toBeNull();
});

test("never blames the caller for our own failure", () => {
  for (const code of ["internal", "unavailable", "backend_failed", "backend_timeout"] as const) {
    expect(statusOf(code)).toBeGreaterThanOrEqual(500);
  }
});
