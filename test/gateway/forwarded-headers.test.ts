import { expect, test } from "vitest";
import type { HeaderForwarding } from "../../src/config/gateway-config.ts";
import { requireForwarded } from "../../src/gateway/forwarded-headers.ts";

function forwarded(forwarding: Partial<HeaderForwarding>, headers: Record<string, string>) {
  const passed = requireForwarded({ allow: [], deny: [], ...forwarding }, new Headers(headers));
  return Object.fromEntries(passed);
}

test("chooses by name and by wildcard, in any case of the caller", () => {
  const headers = { "X-Tenant": "acme", "x-user-ID": "7", "X-User-Name": "Ada", "X-Other": "no" };
  expect(forwarded({ allow: ["x-tenant", "x-user-*"] }, headers)).toEqual({
    "x-tenant": "acme",
    "x-user-id": "7",
    "x-user-name": "Ada",
  });
});

test("keeps back what either list or the gateway keeps back", () => {
  const headers = {
    "x-user-id": "7",
    "x-user-token": "t",
    authorization: "Bearer key",
    cookie: "a=b",
    "cf-connecting-ip": "203.0.113.1",
    "x-gateway-client": "open-webui",
    "mcp-session-id": "s",
  };
  expect(forwarded({ allow: ["*"], deny: ["*-token"] }, headers)).toEqual({ "x-user-id": "7" });
});

test("leaves values as they are, tabs and empty ones included", () => {
  const headers = { "x-a": "a\tb  c, d", "x-b": "" };
  expect(forwarded({ allow: ["x-*"] }, headers)).toEqual(headers);
});

test.each(["a\u0001b", "a\u007fb", "a\u001b[31mb"])(
  "passes on no control character: %j",
  (value) => {
    expect(() => forwarded({ allow: ["x-*"] }, { "x-tenant": value })).toThrow(
      expect.objectContaining({
        code: "invalid_params",
        message: 'Cannot pass on headers: "x-tenant" holds a control character',
      }),
    );
  },
);

test("does not mind control characters in headers it keeps back", () => {
  expect(forwarded({ allow: ["x-a"] }, { "x-a": "1", "x-b": "\u0001" })).toEqual({ "x-a": "1" });
});

test.each<[string, Record<string, string>]>([
  ["many", Object.fromEntries(Array.from({ length: 65 }, (_, index) => [`x-${index}`, "1"]))],
  ["big", { "x-a": "a".repeat(16_384) }],
])("refuses too %s headers", (_, headers) => {
  expect(() => forwarded({ allow: ["x-*"] }, headers)).toThrow(/wanted at most 64 with 16384$/);
});
