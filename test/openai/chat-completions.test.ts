import { beforeAll, expect, test } from "vitest";
import { configure, sendAuthorized } from "../support/worker.ts";
import { ask, chat, firstChoice, readObject, readStream, readText } from "./openai-replies.ts";

beforeAll(() =>
  configure({ mcpServers: { time: { builtin: "time" }, clock: { builtin: "time" } } }),
);

const CONVERT =
  'call time_convert_time {"source_timezone":"UTC","time":"12:00","target_timezone":"Asia/Tokyo"}';

test("case 4: answers as one completion with every key OpenAI has", async () => {
  const response = await chat(ask("help"));
  expect(response.status).toBe(200);
  expect(response.headers.get("x-request-id")).not.toBeNull();
  expect(await readObject(response)).toEqual({
    id: expect.stringMatching(/^chatcmpl-[0-9a-f]{32}$/),
    object: "chat.completion",
    created: expect.any(Number),
    model: "mcp-gateway",
    choices: [
      {
        index: 0,
        message: { role: "assistant", content: expect.stringContaining("tools"), refusal: null },
        logprobs: null,
        finish_reason: "stop",
      },
    ],
    usage: {
      prompt_tokens: 1,
      completion_tokens: expect.any(Number),
      total_tokens: expect.any(Number),
    },
  });
});

test("case 26: lists the tools there are", async () => {
  const text = await readText(await chat(ask("tools")));
  expect(text).toContain("Available tools: 4");
  expect(text).toContain("`time_get_current_time` (timezone)");
});

test("case 26: runs a tool in either form of a call", async () => {
  expect(await readText(await chat(ask(CONVERT)))).toContain("21:00");
  const pairs = '/time.convert_time source_timezone=UTC time="12:00" target_timezone="Asia/Tokyo"';
  expect(await readText(await chat(ask(pairs)))).toContain("21:00");
});

test("keeps a backend's model to the tools of that backend, under their own names", async () => {
  const model = "mcp-gateway/time";
  const listed = await readText(await chat(ask("tools", { model })));
  expect(listed).toContain("Available tools: 2");
  expect(listed).toContain("`convert_time`");
  const ran = await chat(ask(CONVERT.replace("time_convert", "convert"), { model }));
  expect(await readText(ran)).toContain("21:00");
  const other = await chat(ask("call clock_convert_time", { model }));
  expect(await readText(other)).toContain("There is no tool `clock_convert_time`");
});

test("tells a tool's own error as it said it", async () => {
  const text = await readText(
    await chat(ask('call time_get_current_time {"timezone":"Mars/Base"}')),
  );
  expect(text).toContain("The tool reported an error");
  expect(text).toContain("Mars/Base");
});

test("helps with a name it does not know and with JSON that is none", async () => {
  expect(await readText(await chat(ask("call convert_tim")))).toContain("`time_convert_time`");
  expect(await readText(await chat(ask("call time_convert_time {bad}")))).toContain("position 2");
});

test("case 26: streams the same text it answers with", async () => {
  for (const question of ["help", "tools time", CONVERT, "call nothing", "What is new?"]) {
    // oxlint-disable-next-line no-await-in-loop
    const whole = await readText(await chat(ask(question)));
    // oxlint-disable-next-line no-await-in-loop
    const streamed = await readStream(await chat(ask(question, { stream: true })));
    expect(streamed.text).toBe(whole);
    expect(streamed.last).toBe("[DONE]");
  }
});

test("streams in a form no proxy holds back", async () => {
  const response = await chat(ask(CONVERT, { stream: true, tools: [{ type: "function" }] }));
  expect(Object.fromEntries(response.headers)).toMatchObject({
    "content-type": "text/event-stream",
    "cache-control": "no-cache, no-transform",
    "x-accel-buffering": "no",
    "x-request-id": expect.any(String),
    "access-control-allow-origin": "*",
  });
  const { chunks, longestLine } = await readStream(response);
  expect(longestLine).toBeLessThan(64 * 1024);
  expect(new Set(chunks.map(({ id }) => id)).size).toBe(1);
  expect(JSON.stringify(chunks)).not.toContain("tool_calls");
  expect(chunks.filter((chunk) => firstChoice(chunk)["finish_reason"] === "stop")).toHaveLength(1);
});

test("adds a usage chunk when the client asks for it", async () => {
  const asked = ask("help", { stream: true, stream_options: { include_usage: true } });
  const { chunks } = await readStream(await chat(asked));
  expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { prompt_tokens: 1 } });
});

test("answers background tasks in JSON and runs nothing for them", async () => {
  const task = `### Task:\nName it.\nJSON format: { "title": "x" }\n<chat_history>\nUSER: ${CONVERT}\n</chat_history>`;
  const title: unknown = JSON.parse(await readText(await chat(ask(task))));
  expect(title).toEqual({ title: expect.any(String) });
  const headed = await chat(ask(CONVERT), { "x-openwebui-task": "tags_generation" });
  expect(JSON.parse(await readText(headed))).toEqual({ tags: ["General"] });
});

test("names the parameter of a request it refuses", async () => {
  const refused = [
    [{ n: 1e9 }, "n"],
    [{ max_tokens: -1 }, "max_tokens"],
    [{ messages: [] }, "messages"],
    [{ messages: [{ role: "system", content: "x" }] }, "messages"],
  ] as const;
  for (const [more, param] of refused) {
    // oxlint-disable-next-line no-await-in-loop
    const response = await chat(ask("help", more));
    expect(response.status).toBe(400);
    // oxlint-disable-next-line no-await-in-loop
    expect(await readObject(response)).toMatchObject({
      error: { type: "invalid_request_error", param },
    });
  }
});

test("answers 404 for a model that is not there", async () => {
  const response = await chat(ask("help", { model: "gpt-5" }));
  expect(response.status).toBe(404);
  expect(await readObject(response)).toMatchObject({ error: { code: "model_not_found" } });
});

function post(type: string, body: string): Promise<Response> {
  return sendAuthorized("/v1/chat/completions", {
    method: "POST",
    headers: { "content-type": type },
    body,
  });
}

test("refuses bodies that are not JSON, not declared so, or too large", async () => {
  const broken = await post("application/json", "{nope");
  expect(broken.status).toBe(400);
  expect(await readObject(broken)).toMatchObject({ error: { code: "invalid_json", param: null } });
  const typed = await post("text/plain", JSON.stringify(ask("help")));
  expect(typed.status).toBe(415);
  expect(await readObject(typed)).toMatchObject({ error: { type: "invalid_request_error" } });
  const large = await post("application/json", JSON.stringify(ask("x".repeat(4 * 1024 * 1024))));
  expect(large.status).toBe(413);
  expect(await readObject(large)).toMatchObject({ error: { code: "request_too_large" } });
});
