import { expect, test } from "vitest";
import { progressStyle } from "../../src/openai/progress-style.ts";

function styleFor(headers: Record<string, string>, own?: "text" | "auto" | "events"): string {
  return progressStyle(own, new Headers(headers));
}

test("shows progress to Open WebUI's server and to nobody else by itself", () => {
  expect(styleFor({})).toBe("none");
  expect(styleFor({ origin: "https://chat.example.com" })).toBe("none");
  expect(styleFor({ "X-OpenWebUI-Chat-Id": "c" })).toBe("events");
  expect(styleFor({ "X-Gateway-Client": "Open-WebUI" })).toBe("events");
});

test("lets the credential decide, and the request before it", () => {
  expect(styleFor({}, "text")).toBe("text");
  expect(styleFor({ "x-gateway-progress": "Reasoning " }, "text")).toBe("reasoning");
  expect(styleFor({ "x-gateway-progress": "none", "x-openwebui-user-id": "u" }, "events")).toBe(
    "none",
  );
  expect(styleFor({ "x-gateway-progress": "auto", "x-openwebui-user-id": "u" }, "text")).toBe(
    "events",
  );
  expect(styleFor({ "x-gateway-progress": "" }, "text")).toBe("text");
});

test("refuses a style there is not, and names those there are", () => {
  expect(() => styleFor({ "x-gateway-progress": "loud" })).toThrow(
    'Cannot use "loud" as X-Gateway-Progress: allowed are auto, events, text, reasoning, details, none',
  );
});
