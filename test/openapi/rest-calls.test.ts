import { beforeAll, expect, test } from "vitest";
import { configure, send, sendAuthorized } from "../support/worker.ts";

beforeAll(() => configure({ mcpServers: { time: { builtin: "time" } } }));

test("calls a tool of a backend with its arguments as the body", async () => {
  const response = await sendAuthorized("/time/get_current_time", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ timezone: "Asia/Tokyo" }),
  });
  expect(response.status).toBe(200);
  expect(await response.text()).toContain("Asia/Tokyo");
});

test("asks for a key", async () => {
  const response = await send("/time/get_current_time", { method: "POST" });
  expect(response.status).toBe(401);
});

test("describes the tools", async () => {
  const response = await sendAuthorized("/time/openapi.json");
  expect(await response.json()).toMatchObject({
    openapi: "3.1.0",
    paths: { "/get_current_time": { post: { operationId: "get_current_time" } } },
  });
});
