import { describe, expect, test } from "vitest";
import { configure, send, sendAuthorized } from "../support/worker.ts";

const PAGE = "https://chat.example";
const SERVERS = { time: { builtin: "time" } };

function preflight(path: string, origin = PAGE): Promise<Response> {
  return send(path, {
    method: "OPTIONS",
    headers: {
      origin,
      "access-control-request-method": "POST",
      "access-control-request-headers": "authorization,content-type,x-session-id",
    },
  });
}

describe("without a list of origins", () => {
  test("lets any page ask without a key whether it may ask with one", async () => {
    await configure({ mcpServers: SERVERS });
    for (const path of ["/time/get_current_time", "/openapi.json", "/none", "/api/config"]) {
      const { status, headers } = await preflight(path);
      expect(status).toBe(204);
      expect(headers.get("access-control-allow-origin")).toBe("*");
      expect(headers.get("access-control-allow-headers")).toContain("x-session-id");
      expect(headers.get("access-control-allow-methods")).toContain("POST");
      expect(Number(headers.get("access-control-max-age"))).toBeGreaterThan(60);
      expect(headers.get("access-control-allow-credentials")).toBeNull();
    }
  });

  test("lets any page read every answer, refusals too, and never with credentials", async () => {
    const headers = { origin: PAGE };
    const answers = await Promise.all([
      sendAuthorized("/time/get_current_time", {
        method: "POST",
        headers: { ...headers, "content-type": "application/json" },
        body: '{"timezone":"UTC"}',
      }),
      send("/time/get_current_time", { method: "POST", headers }),
      sendAuthorized("/none/x", { method: "POST", headers }),
      sendAuthorized("/time/get_current_time", { headers }),
      sendAuthorized("/time/get_current_time", { method: "POST", headers, body: "{" }),
      // Some clients behind a proxy lose the header; a cache may hand the answer to a page.
      sendAuthorized("/time/get_current_time", { method: "POST", body: "{" }),
      sendAuthorized("/openapi.json", { headers }),
      sendAuthorized("/time/get_current_time", { method: "OPTIONS", headers }),
      sendAuthorized("/openapi.json", { method: "HEAD", headers }),
      send("/docs", { headers: { ...headers, accept: "text/html" } }),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([
      200, 401, 404, 405, 415, 415, 200, 204, 200, 401,
    ]);
    for (const answer of answers) {
      await answer.text();
      expect(answer.headers.get("access-control-allow-origin")).toBe("*");
      expect(answer.headers.get("access-control-allow-credentials")).toBeNull();
      expect(answer.headers.get("x-request-id")).not.toBeNull();
      const exposed = answer.headers.get("access-control-expose-headers");
      for (const name of ["x-request-id", "retry-after", "content-disposition", "location"]) {
        expect(exposed).toContain(name);
      }
    }
  });
});

test("names only the origins of the list, where there is one", async () => {
  const allowedOrigins = [PAGE];
  await configure({ mcpServers: SERVERS, gateway: { openapi: { allowedOrigins } } });
  expect((await preflight("/openapi.json")).headers.get("access-control-allow-origin")).toBe(PAGE);
  const refused = await preflight("/openapi.json", "https://evil.example");
  expect(refused.headers.get("access-control-allow-origin")).toBeNull();
  const own = await sendAuthorized("/openapi.json", { headers: { origin: PAGE } });
  expect(own.headers.get("access-control-allow-origin")).toBe(PAGE);
  expect(own.headers.get("vary")).toContain("Origin");
  const other = await send("/openapi.json", { headers: { origin: "https://evil.example" } });
  expect([other.status, other.headers.get("access-control-allow-origin")]).toEqual([401, null]);
});
