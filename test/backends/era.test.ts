import { expect, inject, test } from "vitest";
import { call, http, leaseOf, orderFor, quirk, textOf } from "../support/backend-calls.ts";

test.each([
  ["modern", () => http(inject("fixtures").modern), "modern", "2026-07-28"],
  ["SDK v1 without sessions", () => http(inject("fixtures").legacyJson), "legacy", "2025-11-25"],
  ["SDK v1 with sessions", () => http(inject("fixtures").legacySession), "legacy", "2025-11-25"],
  [
    "Frappe",
    () => http(quirk("frappe").url, { Authorization: "token key:secret" }),
    "legacy",
    "2025-06-18",
  ],
  ["Home Assistant", () => http(quirk("ha").url), "legacy", "2025-03-26"],
  [
    "sessions that answer 404 without one",
    () => http(quirk("session").url),
    "legacy",
    "2025-11-25",
  ],
  [
    "sessions that answer 400 without one",
    () => http(quirk("session-400").url),
    "legacy",
    "2025-11-25",
  ],
])("finds the era of %s", async (_name, transport, era, protocolVersion) => {
  expect(await leaseOf(orderFor(transport()))).toMatchObject({
    era,
    protocolVersion,
    lane: "direct",
  });
});

test.each([
  ["web", "backend_failed", "answered with something that is not MCP"],
  [
    "future-version",
    "backend_failed",
    'speaks protocol version "2031-01-01", wanted one of 2025-11-25, 2025-06-18, 2025-03-26, 2024-11-05',
  ],
  ["unauthorized", "backend_unauthorized", "refused the credential (HTTP 401)"],
  ["loop", "backend_unavailable", "leads back to this gateway (HTTP 508)"],
  ["ha-not-configured", "backend_unavailable", "has no MCP server at this URL (HTTP 404)"],
])("says why it cannot connect to %s", async (kind, code, reason) => {
  const order = orderFor(http(quirk(kind).url));
  await expect(leaseOf(order)).rejects.toMatchObject({
    code,
    message: `Cannot connect: backend "${order.config.name}" ${reason}`,
  });
});

test("does not take an outage for a verdict", async () => {
  const backend = quirk("modern-headers");
  await backend.control({ down: true });
  const order = orderFor(http(backend.url));
  await expect(leaseOf(order)).rejects.toMatchObject({ code: "backend_unavailable" });
  await backend.control({ down: false });
  await expect.poll(() => leaseOf(order).catch(() => undefined)).toMatchObject({ era: "modern" });
});

test("works with Frappe's JSON in both ways", async () => {
  const order = orderFor(http(quirk("frappe").url, { Authorization: "token key:secret" }));
  expect(textOf(await call(order))).toBe('{"success":true}');
});

test.each([
  ["https://127.0.0.1/mcp", "has a private address, which only the local config file may name"],
  [
    "https://[::ffff:10.0.0.1]/mcp",
    "has a private address, which only the local config file may name",
  ],
  [
    "https://metadata.internal/mcp",
    "has a private address, which only the local config file may name",
  ],
  ["http://example.com/mcp", "needs an https URL"],
  ["file:///etc/passwd", "needs an http or https URL"],
  ["data:application/json,{}", "needs an http or https URL"],
  [
    "https://user:pass@example.com/mcp",
    'needs a URL without user and password: use "headers" for credentials',
  ],
])("never fetches %s", async (url, reason) => {
  const order = { ...orderFor(http(url)), privateOrigins: [] };
  await expect(leaseOf(order)).rejects.toMatchObject({
    code: "backend_unavailable",
    message: `Cannot connect: backend "${order.config.name}" ${reason}`,
  });
});

test("keeps the message endpoint of HTTP+SSE on the same origin", async () => {
  const order = orderFor({ kind: "sse", url: quirk("endpoint-elsewhere").url, headers: {} });
  await expect(leaseOf(order)).rejects.toMatchObject({
    code: "backend_failed",
    message: `Cannot connect: backend "${order.config.name}" named a message endpoint on another origin`,
  });
});

test.each([
  ["sse-ended", "backend_failed", "ended its event stream"],
  ["web", "backend_failed", "answered without an event stream"],
  ["unauthorized", "backend_unauthorized", "refused the credential (HTTP 401)"],
  ["no-such-quirk", "backend_unavailable", "has no MCP server at this URL (HTTP 404)"],
])("says why it cannot open a stream to %s", async (kind, code, reason) => {
  const order = orderFor({ kind: "sse", url: quirk(kind).url, headers: {} });
  await expect(leaseOf(order)).rejects.toMatchObject({
    code,
    message: `Cannot connect: backend "${order.config.name}" ${reason}`,
  });
});

test.each(["NOT_SET_ANYWHERE", "ENCRYPTION_KEY", "OWNER_PASSWORD"])(
  "does not resolve ${%s}",
  async (name) => {
    const order = orderFor(http("https://example.com/mcp", { "X-Key": `\${${name}}` }));
    await expect(leaseOf(order)).rejects.toMatchObject({
      message: `Cannot connect: backend "${order.config.name}" needs the secret "${name}", which is not set`,
    });
  },
);

test("refuses a header that the connection owns", async () => {
  const order = orderFor(http("https://example.com/mcp", { "Mcp-Session-Id": "x" }));
  await expect(leaseOf(order)).rejects.toMatchObject({
    message: expect.stringContaining('has a header "Mcp-Session-Id" that needs another header'),
  });
});
