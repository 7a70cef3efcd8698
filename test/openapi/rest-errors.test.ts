import { describe, expect, test } from "vitest";
import { ERROR_CODES, type ErrorCode, GatewayError } from "../../src/core/errors.ts";
import { ArgumentsRefused } from "../../src/openapi/arguments-refused.ts";
import { restErrorResponse } from "../../src/openapi/rest-errors.ts";
import { RestRefusal } from "../../src/openapi/rest-refusal.ts";

const STATUS: Record<ErrorCode, number> = {
  invalid_request: 400,
  invalid_params: 422,
  not_found: 404,
  unauthorized: 401,
  forbidden: 403,
  approval_needed: 403,
  conflict: 409,
  misdirected: 421,
  unsupported_media_type: 415,
  method_not_allowed: 405,
  too_large: 413,
  rate_limited: 429,
  config_invalid: 400,
  backend_unavailable: 502,
  backend_offline: 503,
  backend_unauthorized: 424,
  backend_timeout: 504,
  backend_failed: 502,
  cancelled: 499,
  unavailable: 503,
  internal: 500,
};

const CALL = { requestId: "r-1", server: "erp", tool: "get", compat: false };

test.each(ERROR_CODES)("says what %s is, for which call, in mcpo's frame", async (code) => {
  const response = restErrorResponse(new GatewayError(code, "Cannot call it: so it is"), CALL);
  expect(response.status).toBe(STATUS[code]);
  expect(response.headers.get("x-request-id")).toBe("r-1");
  expect(response.headers.get("cache-control")).toBe("no-store");
  expect(await response.json()).toEqual({
    detail: {
      message: "Cannot call it: so it is",
      code,
      server: "erp",
      tool: "get",
      request_id: "r-1",
    },
  });
});

test("says when to come again", () => {
  const retryAfter = (error: GatewayError): string | null =>
    restErrorResponse(error, CALL).headers.get("retry-after");
  expect(retryAfter(new GatewayError("rate_limited", "x", { retryAfter: 1.2 }))).toBe("2");
  expect(retryAfter(new GatewayError("backend_offline", "x"))).toBe("5");
  expect(retryAfter(new GatewayError("backend_unavailable", "x", { retryAfter: 30 }))).toBe("30");
  expect(retryAfter(new GatewayError("not_found", "x"))).toBeNull();
});

test("tells what a refusal knows beside its code", async () => {
  const refusal = new RestRefusal("backend_failed", "Open the page", {
    code: "authorization_required",
    status: 424,
    authorizationUrl: "https://example.com/allow",
    data: { a: [1] },
    headers: { allow: "POST" },
  });
  const response = restErrorResponse(refusal, { requestId: "r", compat: false });
  expect([response.status, response.headers.get("allow")]).toEqual([424, "POST"]);
  expect(await response.json()).toEqual({
    detail: {
      message: "Open the page",
      code: "authorization_required",
      request_id: "r",
      authorization_url: "https://example.com/allow",
      data: { a: [1] },
    },
  });
});

test("bounds what a backend says: the whole body goes to a model", async () => {
  const refusal = new RestRefusal("backend_failed", "x".repeat(1_000_000), {
    data: "y".repeat(1_000_000),
  });
  const text = await restErrorResponse(refusal, CALL).text();
  expect(text.length).toBeLessThan(17_000);
  expect(text).toContain("more characters");
});

test("lists what is wrong with arguments as FastAPI does, in both modes", async () => {
  const problem = { type: "missing", loc: ["body", "a"], msg: "Field required", input: {} };
  for (const compat of [false, true]) {
    const response = restErrorResponse(new ArgumentsRefused([problem]), { ...CALL, compat });
    expect(response.status).toBe(422);
    expect(await response.json()).toEqual({ detail: [problem] });
  }
});

describe("for compat=mcpo", () => {
  test.each([
    [new GatewayError("not_found", "x"), "Not Found"],
    [new GatewayError("method_not_allowed", "x"), "Method Not Allowed"],
    [new GatewayError("backend_timeout", "too late"), { message: "too late" }],
    [
      new RestRefusal("backend_failed", "no", { data: { d: 1 } }),
      { message: "no", data: { d: 1 } },
    ],
    [new RestRefusal("unauthorized", "x", { mcpo: "Invalid API key" }), "Invalid API key"],
  ])("%s is told in its words", async (error, detail) => {
    const response = restErrorResponse(error, { ...CALL, compat: true });
    expect(await response.json()).toEqual({ detail });
    expect(response.headers.get("x-request-id")).toBe("r-1");
  });
});
