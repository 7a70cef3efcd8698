import { expect, test } from "vitest";
import { isAllowedOrigin } from "../../src/http/allowed-origin.ts";

function allowed(origin: string | null): boolean {
  return isAllowedOrigin({
    origin,
    ownOrigin: "https://gateway.example.com",
    configured: ["https://app.example.com"],
  });
}

test("lets clients without a browser, known clients and configured pages in", () => {
  for (const origin of [
    null,
    "https://gateway.example.com",
    "https://claude.ai",
    "https://claude.com",
    "https://chatgpt.com",
    "https://app.example.com",
    "http://localhost:6274",
    "http://127.0.0.1:3000",
    "http://[::1]:3000",
  ]) {
    expect(allowed(origin), String(origin)).toBe(true);
  }
});

test("refuses other pages, null and what is no origin", () => {
  for (const origin of [
    "https://evil.example.com",
    "null",
    "",
    "garbage",
    "https://claude.ai.evil.com",
    "https://claude.ai/path",
    "http://claude.ai",
    "http://localhost.evil.com",
    "http://user@localhost:3000",
    "HTTPS://APP.EXAMPLE.COM",
    "chrome-extension://abc",
  ]) {
    expect(allowed(origin), origin).toBe(false);
  }
});
