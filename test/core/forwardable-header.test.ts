import { expect, test } from "vitest";
import { isForwardable, isFutile } from "../../src/core/forwardable-header.ts";

test.each([
  "authorization",
  "cookie",
  "set-cookie",
  "host",
  "connection",
  "keep-alive",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "proxy-authorization",
  "proxy-connection",
  "content-type",
  "content-length",
  "accept",
  "accept-encoding",
  "origin",
  "referer",
  "sec-fetch-site",
  "cf-connecting-ip",
  "forwarded",
  "x-forwarded-for",
  "x-real-ip",
  "x-client-ip",
  "x-http-method-override",
  "x-original-url",
  "x-rewrite-url",
  "mcp-session-id",
  "mcp-protocol-version",
  "mcp-method",
  "mcp-name",
  "mcp-param-region",
  "last-event-id",
  "x-gateway-client",
  "x-local-command-key",
  "x-mcp-gateway-hop",
])("never passes on %s", (name) => {
  expect(isForwardable(name)).toBe(false);
});

test.each([
  "x-tenant",
  "x-user-id",
  "x-openwebui-user-email",
  "x-request-id",
  "traceparent",
  "accept-language",
  "user-agent",
])("may pass on %s", (name) => {
  expect(isForwardable(name)).toBe(true);
});

test("knows patterns that match nothing that may be passed on", () => {
  expect(["cf-*", "mcp-param-*", "x-forwarded-*"].map(isFutile)).toEqual([true, true, true]);
  expect(["*", "x-*", "x-f*", "c*"].map(isFutile)).toEqual([false, false, false, false]);
});
