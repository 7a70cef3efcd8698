import { beforeAll, beforeEach, expect, test } from "vitest";
import { isJsonObject, type JsonObject } from "../../src/core/json.ts";
import { awaitReady } from "../support/worker.ts";
import { asked, configureLlm, forget, play } from "./llm-chat.ts";
import { readObject, readStream, readText } from "./openai-replies.ts";

const KEY = "provider-failures";
const NOW = 'CALL time_get_current_time {"timezone":"UTC"}';

beforeAll(async () => {
  await configureLlm(KEY, { provider: { maxRetries: 0 } });
  await awaitReady(["time"]);
});
beforeEach(() => forget(KEY));

async function errorOf(response: Response): Promise<JsonObject> {
  const { error } = await readObject(response);
  if (!isJsonObject(error)) throw new TypeError("there is no error in the answer");
  return error;
}

test("case 14: shows nobody the key that a provider quotes amid its answer", async () => {
  for (const model of ["mcp-gateway", "raw/openai/scripted-1"]) {
    const lines = ["SAY hi", "ERR chunk the key scripted-key is not good any more"];
    // oxlint-disable-next-line no-await-in-loop
    const { last, chunks } = await readStream(await play(lines, { model, stream: true }));
    expect(last).toBe("[DONE]");
    expect(JSON.stringify(chunks)).toContain("the key •••••• is not good any more");
  }
});

test("case 14: maps what a provider refuses to an error of our own, with its status", async () => {
  const cases: readonly [string, number, string][] = [
    ['ERR 400 {"message":"bad temperature","param":"temperature"}', 400, "bad temperature"],
    ['ERR 401 {"message":"Incorrect API key provided: sk-secret"}', 502, "credential"],
    ['ERR 404 {"message":"no such model","code":"model_not_found"}', 404, "model"],
    ['ERR 500 {"message":"boom"}', 502, ""],
    ["ERR html", 502, ""],
    ["ERR body200", 502, ""],
    ["ERR refuse", 502, ""],
  ];
  for (const [line, status, word] of cases) {
    for (const stream of [false, true]) {
      // oxlint-disable-next-line no-await-in-loop
      const response = await play([line], { stream });
      expect([line, stream, response.status]).toEqual([line, stream, status]);
      // oxlint-disable-next-line no-await-in-loop
      const error = await errorOf(response);
      expect(JSON.stringify(error["message"]).toLowerCase()).toContain(word);
      expect(JSON.stringify(error)).not.toContain("sk-secret");
      expect(JSON.stringify(error)).not.toContain("scripted-key");
    }
  }
});

test("case 14: passes on when to come again", async () => {
  const response = await play(['ERR 429 {"message":"slow down","headers":{"retry-after":"7"}}']);
  expect(response.status).toBe(429);
  expect(response.headers.get("retry-after")).toBe("7");
  expect(response.headers.get("x-should-retry")).toBeNull();
});

test("case 14: lets no SDK repeat what only the owner of the gateway can mend", async () => {
  const refused = await play(['ERR 401 {"message":"bad key"}']);
  expect(refused.status).toBe(502);
  expect(refused.headers.get("x-should-retry")).toBe("false");
});

test("case 14: lets no SDK repeat what has been tried often enough", async () => {
  await configureLlm(KEY, { provider: { maxRetries: 1 } });
  const response = await play(['ERR 500 {"message":"boom"}']);
  await configureLlm(KEY, { provider: { maxRetries: 0 } });
  expect(response.status).toBe(502);
  expect(await response.text()).toContain("tried 2 times");
  expect(response.headers.get("x-should-retry")).toBe("false");
  const once = await play(['ERR 500 {"message":"boom"}']);
  expect(once.headers.get("x-should-retry")).toBeNull();
});

test("case 14: lets no SDK repeat a request whose tool has run", async () => {
  const response = await play([NOW, "THEN", 'ERR 429 {"message":"slow down"}']);
  expect(response.status).toBe(429);
  expect(response.headers.get("x-should-retry")).toBe("false");
  expect(await asked(KEY)).toHaveLength(2);
});

test("case 15: ends a stream that broke with one error and [DONE]", async () => {
  for (const line of ["ERR chunk", "ERR cut", "ERR nofinish"]) {
    // oxlint-disable-next-line no-await-in-loop
    const response = await play(["SAY half", line], { stream: true });
    expect(response.status).toBe(200);
    // oxlint-disable-next-line no-await-in-loop
    const { chunks, last, text } = await readStream(response);
    expect([line, text.trim(), last]).toEqual([line, "half", "[DONE]"]);
    expect(chunks.filter((chunk) => "error" in chunk)).toHaveLength(1);
    expect(chunks.at(-1)).toMatchObject({
      error: { message: expect.any(String), code: expect.any(String) },
    });
  }
});

test("case 17: sums usage over the turns, and tells it only to those who ask", async () => {
  const turns = [NOW, "THEN", "SAY one two three"];
  const whole = await readObject(await play(turns));
  expect(whole["usage"]).toMatchObject({ prompt_tokens: 1 + 3, completion_tokens: 1 + 3 });
  const plain = await readStream(await play(turns, { stream: true }));
  expect(plain.chunks.some((chunk) => "usage" in chunk)).toBe(false);
  const told = await readStream(
    await play(turns, { stream: true, stream_options: { include_usage: true } }),
  );
  expect(told.chunks.at(-1)).toMatchObject({ choices: [], usage: { prompt_tokens: 4 } });
  expect(told.chunks.slice(0, -1).every((chunk) => chunk["usage"] === null)).toBe(true);
  const without = await readObject(await play(["NOUSAGE", ...turns]));
  expect("usage" in without).toBe(false);
});

test("case 21: leaves out the tool a provider refuses, and asks once more", async () => {
  const text = await readText(await play(["REJECT time_convert_time", "SAY fine"]));
  expect(text).toBe("fine");
  const requests = await asked(KEY);
  expect(requests).toHaveLength(2);
  expect(JSON.stringify(requests[0]?.body["tools"])).toContain("time_convert_time");
  expect(JSON.stringify(requests[1]?.body["tools"])).not.toContain("time_convert_time");
});
