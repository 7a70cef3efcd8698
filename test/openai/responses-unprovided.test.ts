import { beforeAll, expect, test } from "vitest";
import { awaitReady, configure } from "../support/worker.ts";
import { readObject } from "./openai-replies.ts";
import { lastResponse, outputText, readEvents, respond, typesOf } from "./responses-replies.ts";

beforeAll(async () => {
  await configure({ mcpServers: { time: { builtin: "time" } } });
  await awaitReady(["time"]);
});

const CALL = 'call time_get_current_time {"timezone": "UTC"}';

test("case 26: answers without a language model, whole and streamed alike", async () => {
  const whole = await readObject(await respond({ input: "tools" }));
  expect(whole).toMatchObject({ object: "response", status: "completed" });
  expect(outputText(whole)).toContain("time_get_current_time");
  const { events } = await readEvents(await respond({ input: "tools", stream: true }));
  expect(outputText(lastResponse(events))).toBe(outputText(whole));
  expect(typesOf(events).at(-1)).toBe("completed");
});

test("case 26: runs a tool, of the servers a request names", async () => {
  expect(outputText(await readObject(await respond({ input: CALL })))).toContain("UTC");
  const tools = [{ type: "mcp", server_label: "time", allowed_tools: ["convert_time"] }];
  const narrowed = await readObject(await respond({ input: CALL, tools }));
  expect(outputText(narrowed)).toContain("There is no tool");
});

test("case 25: answers a background task of Open WebUI", async () => {
  const task = '### Task:\nGenerate a concise title. JSON format: { "title": "…" }';
  const answer = await readObject(
    await respond({ input: task }, { "x-openwebui-task": "title_generation" }),
  );
  expect(JSON.parse(outputText(answer))).toHaveProperty("title");
});
