import { beforeAll, beforeEach, expect, test } from "vitest";
import { isJsonObject, type JsonObject } from "../../src/core/json.ts";
import { awaitReady } from "../support/worker.ts";
import { asked, configureLlm, forget, messagesOf, offeredIn, play } from "./llm-chat.ts";
import { firstChoice, readObject, readStream, readText } from "./openai-replies.ts";

const KEY = "tool-loop";
const NOW = 'CALL time_get_current_time {"timezone":"UTC"}';
const CONVERT =
  'CALL time_convert_time {"source_timezone":"UTC","time":"12:00","target_timezone":"Asia/Tokyo"}';

beforeAll(async () => {
  await configureLlm(KEY, { loop: { maxTurns: 3 } });
  await awaitReady(["time", "lab"]);
});
beforeEach(() => forget(KEY));

async function finishOf(response: Response): Promise<[unknown, unknown]> {
  const choice = firstChoice(await readObject(response));
  const { message } = choice;
  return [choice["finish_reason"], isJsonObject(message) ? message["tool_calls"] : undefined];
}

test("case 6: runs one tool and shows its client nothing of it", async () => {
  const stream = await readStream(
    await play([CONVERT, "THEN", "SAY It is {{results}}"], { stream: true }),
  );
  expect(stream.text).toContain("21:00");
  expect(stream.last).toBe("[DONE]");
  const choices = stream.chunks.map(firstChoice);
  expect(choices.every(({ delta }) => !JSON.stringify(delta ?? {}).includes("tool_calls"))).toBe(
    true,
  );
  expect(choices.flatMap(({ finish_reason }) => finish_reason ?? [])).toEqual(["stop"]);
  const requests = await asked(KEY);
  expect(requests).toHaveLength(2);
  const [assistant, tool] = messagesOf(
    requests[1] ?? { path: "", body: {}, abandoned: false },
  ).slice(-2);
  const calls = assistant?.["tool_calls"];
  const [call] = Array.isArray(calls) ? calls.filter(isJsonObject) : [];
  expect(call).toMatchObject({
    id: expect.any(String),
    type: "function",
    function: { name: "time_convert_time" },
  });
  expect(tool).toMatchObject({
    role: "tool",
    tool_call_id: call?.["id"],
    content: expect.stringContaining("21:00"),
  });
});

test("offers every tool the caller sees, in one sorted list after the client's own", async () => {
  const mine = {
    type: "function",
    function: { name: "zz_mine", parameters: { type: "object", properties: {} } },
  };
  await play(["SAY hi"], { tools: [mine] });
  const [request] = await asked(KEY);
  const names = request === undefined ? [] : offeredIn(request);
  expect(names[0]).toBe("zz_mine");
  expect(names).toContain("time_get_current_time");
  expect(names.slice(1)).toEqual(names.slice(1).toSorted());
});

test("case 7: runs parallel calls together and answers them in order", async () => {
  const slow = 'CALL lab_test_slow {"ms":400}';
  const started = Date.now();
  await readText(await play([slow, slow.replace("400", "401"), CONVERT, "THEN", "SAY done"]));
  expect(Date.now() - started).toBeLessThan(4_000);
  const requests = await asked(KEY);
  const last = requests.at(-1);
  const results = last === undefined ? [] : messagesOf(last).filter(({ role }) => role === "tool");
  expect(results).toHaveLength(3);
  expect(new Set(results.map(({ tool_call_id }) => tool_call_id)).size).toBe(3);
  expect(results[2]?.["content"]).toContain("21:00");
});

test("case 8: leaves the client's own tools to the client", async () => {
  const mine = {
    type: "function",
    function: { name: "mine", parameters: { type: "object", properties: {} } },
  };
  const [finish, calls] = await finishOf(await play(['CALL mine {"a":1}'], { tools: [mine] }));
  expect(finish).toBe("tool_calls");
  expect(calls).toEqual([
    {
      id: expect.any(String),
      type: "function",
      function: { name: "mine", arguments: expect.any(String) },
    },
  ]);
  expect(await asked(KEY)).toHaveLength(1);
});

test("case 9: gives the client its calls of a mixed turn first, and runs nothing", async () => {
  const mine = {
    type: "function",
    function: { name: "mine", parameters: { type: "object", properties: {} } },
  };
  const { chunks } = await readStream(
    await play([NOW, "CALL mine {}"], { tools: [mine], stream: true }),
  );
  const deltas = chunks.map((chunk) => firstChoice(chunk)["delta"]).filter(isJsonObject);
  const calls = deltas.flatMap(({ tool_calls }) =>
    Array.isArray(tool_calls) ? tool_calls.filter(isJsonObject) : [],
  );
  expect(calls.map(({ index }) => index)).toEqual(calls.map(() => 0));
  expect(JSON.stringify(calls)).toContain('"mine"');
  expect(JSON.stringify(chunks)).not.toContain("time_get_current_time");
  expect(await asked(KEY)).toHaveLength(1);
});

test("case 11: carries out a demanded call once and then lets the model answer", async () => {
  const named = { type: "function", function: { name: "time_convert_time" } };
  for (const tool_choice of ["required", named] satisfies JsonObject["x"][]) {
    await forget(KEY); // oxlint-disable-line no-await-in-loop
    const text = await readText(await play([CONVERT, "THEN", "SAY done"], { tool_choice })); // oxlint-disable-line no-await-in-loop
    expect(text).toBe("done");
    const requests = await asked(KEY); // oxlint-disable-line no-await-in-loop
    expect(requests.map(({ body }) => body["tool_choice"])).toEqual([tool_choice, "auto"]);
  }
  await forget(KEY);
  await readText(await play([CONVERT, "SAY nothing"], { tool_choice: "none" }));
  const [none] = await asked(KEY);
  expect(none === undefined ? [] : offeredIn(none)).toEqual([]);
});

test("case 12: ends a model that always calls with one last answer", async () => {
  const loop = ['CALL time_get_current_time {"timezone":"UTC","round":"{{round}}"}', "LOOP"];
  const response = await play(loop);
  const body = await readObject(response);
  expect(firstChoice(body)["finish_reason"]).toBe("stop");
  const requests = await asked(KEY);
  expect(requests).toHaveLength(4);
  expect(requests.at(-1)?.body["tool_choice"]).toBe("none");
  const last = requests.at(-1);
  expect(last === undefined ? "" : messagesOf(last).at(-1)?.["content"]).toContain(
    "no more tool calls",
  );
});

test("case 12: tells a model that repeats a call so, and lets it answer", async () => {
  await readText(await play([NOW, "LOOP"]));
  const requests = await asked(KEY);
  expect(JSON.stringify(requests.at(-1)?.body)).toContain("the same call was made 2 times");
});

test("case 13: tells the model what went wrong, and the chat goes on", async () => {
  const calls = [
    "CALL lab_test_error_handling {}",
    "CALL time_get_curent_time {}",
    'CALL time_get_current_time {"timezone":"Mars/Base"}',
  ];
  const text = await readText(await play([...calls, "THEN", "SAY {{results}}"]));
  const [failed, unknown, wrong] = text.split(" | ");
  expect(failed).toMatch(/^Error: /);
  expect(unknown).toContain(
    'unknown tool "time_get_curent_time": did you mean "time_get_current_time"',
  );
  expect(wrong).toContain("Mars/Base");
  const bad = await readText(await play(["ARGS bad", NOW, "THEN", "SAY {{results}}"]));
  expect(bad).toContain("arguments are not valid JSON");
});

test("puts what is said before and after a call into two paragraphs", async () => {
  const text = await readText(await play(["MIX Let me see.", NOW, "THEN", "SAY Done."]));
  expect(text).toBe("Let me see.\n\nDone.");
});

test("case 33: leaves the older `functions` to the client, without tools of ours", async () => {
  const functions = [{ name: "mine", parameters: { type: "object", properties: {} } }];
  await play(["SAY hi"], { functions });
  const [request] = await asked(KEY);
  expect(request === undefined ? [] : offeredIn(request)).toEqual([]);
  expect(request?.body["functions"]).toEqual(functions);
});
