import { exports } from "cloudflare:workers";
import { expect, test } from "vitest";
import { STATIC_KEY } from "../support/worker.ts";

test.each([
  ["POST", "/mcp"],
  ["POST", "/mcp/time"],
  ["GET", "/v1/models"],
  ["GET", "/status"],
  ["GET", "/admin/api/config"],
  ["GET", "/oauth/authorize"],
  ["POST", "/oauth/token"],
  ["GET", "/.well-known/oauth-protected-resource"],
])("answers %s %s under a foreign host with 421, whoever asks", async (method, path) => {
  const response = await exports.default.fetch(
    new Request(`https://evil.example.com${path}`, {
      method,
      headers: { authorization: `Bearer ${STATIC_KEY}` },
    }),
  );
  expect(response.status).toBe(421);
  expect(await response.text()).not.toContain("gateway.test");
});
