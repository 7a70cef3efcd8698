import { beforeAll, beforeEach, expect, test } from "vitest";
import { awaitReady } from "../support/worker.ts";
import { asked, configureLlm, forget, messagesOf, offeredIn, play } from "./llm-chat.ts";
import { firstChoice, readObject, readStream, readText } from "./openai-replies.ts";

const KEY = "loop-limits";
const NOW = 'CALL time_get_current_time {"timezone":"UTC"}';

beforeAll(async () => {
  await configureLlm(KEY, {
    provider: { maxTools: 10, images: true },
    loop: { maxSeconds: 5, maxCalls: 3, maxResultChars: 1_000 },
  });
  await awaitReady(["time", "lab"]);
});
beforeEach(() => forget(KEY));

test("case 20: lets the model search where there are more tools than it takes", async () => {
  const script = [
    'CALL search_tools {"query":"time zone convert"}',
    "THEN",
    'CALL call_tool {"name":"time_convert_time","arguments":{"source_timezone":"UTC","time":"12:00","target_timezone":"Asia/Tokyo"}}',
    "THEN",
    "SAY {{results}}",
  ];
  const text = await readText(await play(script));
  expect(text).toContain("time_convert_time");
  expect(text).toContain("21:00");
  const [first] = await asked(KEY);
  const names = first === undefined ? [] : offeredIn(first);
  expect(names.toSorted()).toEqual(["call_tool", "search_tools"]);
});

test("case 20: leaves the client's tools their places", async () => {
  const tools = Array.from({ length: 9 }, (_, index) => ({
    type: "function",
    function: { name: `mine_${index}`, parameters: { type: "object", properties: {} } },
  }));
  await readText(await play(["SAY hi"], { tools }));
  const [first] = await asked(KEY);
  expect(first === undefined ? 0 : offeredIn(first).length).toBeLessThanOrEqual(10);
});

test("case 24: stops a tool in time for a last answer", async () => {
  const started = Date.now();
  const text = await readText(
    await play([
      'CALL call_tool {"name":"lab_test_slow","arguments":{"ms":20000}}',
      "THEN",
      "SAY {{results}}",
    ]),
  );
  expect(Date.now() - started).toBeLessThan(5_000);
  expect(text).toContain("did not answer within");
  const requests = await asked(KEY);
  expect(requests.at(-1)?.body["tool_choice"]).toBe("none");
});

test("case 24: ends an answer whose first turn takes too long, with what was said", async () => {
  const stream = await readStream(await play(["SAY hi", "ERR stall"], { stream: true }));
  expect(stream.text.trim()).toBe("hi");
  const finishes = stream.chunks
    .map(firstChoice)
    .flatMap(({ finish_reason }) => finish_reason ?? []);
  expect(finishes).toEqual(["length"]);
  const silent = await play(["ERR hang"]);
  expect(silent.status).toBe(504);
  expect(await silent.text()).toContain("said nothing within 5 s");
});

test("makes no more calls than an answer may", async () => {
  const calls = Array.from(
    { length: 5 },
    (_, index) =>
      `CALL call_tool {"name":"time_get_current_time","arguments":{"timezone":"UTC","n":${index}}}`,
  );
  const text = await readText(await play([...calls, "THEN", "SAY {{results}}"]));
  expect(text.split("may make 3 calls").length - 1).toBe(2);
});

test("case 35: shows a picture to a model that has eyes, and says so in the result", async () => {
  await readText(
    await play([
      'CALL call_tool {"name":"lab_test_image_content","arguments":{}}',
      "THEN",
      "SAY ok",
    ]),
  );
  const requests = await asked(KEY);
  const last = requests.at(-1);
  const messages = last === undefined ? [] : messagesOf(last);
  expect(JSON.stringify(messages.at(-1))).toContain("data:image/png;base64,");
  expect(messages.at(-1)?.["role"]).toBe("user");
  const tool = messages.find(({ role }) => role === "tool");
  expect(JSON.stringify(tool)).not.toContain("base64");
});

test("case 25: gives background tasks of Open WebUI to the model without any tool", async () => {
  const task =
    '### Task:\nGenerate a title. JSON: { "title": "…" }\n<chat_history>\nUSER: hi\n</chat_history>';
  const body = await readObject(await play([task, NOW]));
  expect(firstChoice(body)["finish_reason"]).toBe("stop");
  const [only, ...more] = await asked(KEY);
  expect(more).toEqual([]);
  expect(only === undefined ? [] : offeredIn(only)).toEqual([]);
  await forget(KEY);
  await (await play(["SAY x"], {}, { "x-openwebui-task": "title_generation" })).text();
  const [byHeader] = await asked(KEY);
  expect(byHeader === undefined ? [] : offeredIn(byHeader)).toEqual([]);
});

test("offers no tools where several answers are wanted", async () => {
  const body = await readObject(await play(["SAY x"], { n: 2 }));
  expect(body["choices"]).toBeInstanceOf(Array);
  const [only] = await asked(KEY);
  expect(only === undefined ? [] : offeredIn(only)).toEqual([]);
  expect(only?.body["n"]).toBe(2);
});
