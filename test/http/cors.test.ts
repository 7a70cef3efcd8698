import { expect, test } from "vitest";
import { answerPreflight, ANY_ORIGIN, isPreflight, withCors } from "../../src/http/cors.ts";

const LISTED = {
  kind: "listed",
  isAllowed: (origin: string) => origin === "https://app.example.com",
} as const;

function preflight(origin: string, headers: string): Request {
  return new Request("https://gateway.test/v1/models", {
    method: "OPTIONS",
    headers: {
      origin,
      "access-control-request-method": "POST",
      "access-control-request-headers": headers,
    },
  });
}

test("answers a preflight with the headers it asks for, for any origin", () => {
  const asked = "authorization,content-type,x-stainless-lang,x-session-id";
  const answer = answerPreflight(preflight("https://chat.example.com", asked), ANY_ORIGIN);
  expect(answer.status).toBe(204);
  expect(answer.headers.get("access-control-allow-origin")).toBe("*");
  expect(answer.headers.get("access-control-allow-headers")).toBe(asked);
  expect(answer.headers.get("access-control-max-age")).not.toBeNull();
  expect(answer.headers.get("access-control-allow-credentials")).toBeNull();
});

test("names no origin to a page that is not listed", () => {
  const refused = answerPreflight(preflight("https://evil.example.com", "authorization"), LISTED);
  expect(refused.headers.get("access-control-allow-origin")).toBeNull();
  const allowed = answerPreflight(preflight("https://app.example.com", "authorization"), LISTED);
  expect(allowed.headers.get("access-control-allow-origin")).toBe("https://app.example.com");
});

test("tells a preflight from another OPTIONS request", () => {
  expect(isPreflight(preflight("https://app.example.com", "authorization"))).toBe(true);
  expect(isPreflight(new Request("https://gateway.test/", { method: "OPTIONS" }))).toBe(false);
});

test("adds its headers to errors and streams without touching the body", async () => {
  const request = new Request("https://gateway.test/v1", {
    headers: { origin: "https://app.example.com" },
  });
  const stream = new Response("data: 1\n\n", {
    status: 502,
    headers: { "content-type": "text/event-stream" },
  });
  const answer = withCors(stream, request, LISTED);
  expect(answer.status).toBe(502);
  expect(answer.headers.get("access-control-allow-origin")).toBe("https://app.example.com");
  expect(answer.headers.get("access-control-expose-headers")).toContain("www-authenticate");
  expect(answer.headers.get("vary")).toBe("Origin");
  expect(await answer.text()).toBe("data: 1\n\n");
});
