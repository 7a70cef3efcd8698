import { beforeAll, beforeEach, expect, test } from "vitest";
import { isJsonObject, type JsonObject } from "../../src/core/json.ts";
import { awaitReady } from "../support/worker.ts";
import { asked, configureLlm, forget, messagesOf, play } from "./llm-chat.ts";
import { chat, firstChoice, readObject, readText } from "./openai-replies.ts";

const KEY = "mixed-turns";
const CONVERT =
  'CALL time_convert_time {"source_timezone":"UTC","time":"12:00","target_timezone":"Asia/Tokyo"}';
const MINE = {
  type: "function",
  function: { name: "mine", parameters: { type: "object", properties: {} } },
};
const SCRIPT = [CONVERT, "CALL mine {}", "THEN", "SAY {{results}}"];

beforeAll(async () => {
  await configureLlm(KEY, { loop: { mixed: "execute" } });
  await awaitReady(["time"]);
});
beforeEach(() => forget(KEY));

async function clientCall(): Promise<JsonObject> {
  const { message } = firstChoice(await readObject(await play(SCRIPT, { tools: [MINE] })));
  if (!isJsonObject(message)) throw new TypeError("no message");
  return message;
}

/** The conversation as a client goes on with it. */
function goOn(message: JsonObject, id: unknown): Promise<Response> {
  return chat({
    model: "mcp-gateway",
    tools: [MINE],
    messages: [
      { role: "user", content: SCRIPT.join("\n") },
      message,
      { role: "tool", tool_call_id: typeof id === "string" ? id : "", content: "my result" },
    ],
  });
}

test("case 9: runs our calls of a mixed turn where that is wanted, and puts them back", async () => {
  const message = await clientCall();
  const calls = Array.isArray(message["tool_calls"])
    ? message["tool_calls"].filter(isJsonObject)
    : [];
  expect(calls.map(({ function: called }) => called)).toEqual([
    { name: "mine", arguments: expect.any(String) },
  ]);
  const text = await readText(await goOn(message, calls[0]?.["id"]));
  expect(text).toContain("21:00");
  expect(text).toContain("my result");
  const requests = await asked(KEY, 2);
  const last = requests.at(-1);
  const roles = last === undefined ? [] : messagesOf(last).map(({ role }) => role);
  expect(roles).toEqual(["user", "assistant", "tool", "tool"]);
});

test("case 9: goes on without a hidden turn that is not known any more", async () => {
  const message = await clientCall();
  const call = {
    id: "call_unknown",
    type: "function",
    function: { name: "mine", arguments: "{}" },
  };
  const text = await readText(await goOn({ ...message, tool_calls: [call] }, "call_unknown"));
  expect(text).toBe("my result");
});

test("puts no turn of one conversation into another, whatever ids a model gives its calls", async () => {
  const own = { index: 0, id: "functions.mine:0", function: { name: "mine", arguments: "{}" } };
  const clock = {
    index: 1,
    id: "functions.time:1",
    function: { name: "time_get_current_time", arguments: '{"timezone":"UTC"}' },
  };
  const mixed = await play([`RAW ${JSON.stringify({ tool_calls: [own, clock] })}`], {
    tools: [MINE],
  });
  expect(firstChoice(await readObject(mixed))["finish_reason"]).toBe("tool_calls");
  const alone = { role: "assistant", content: null, tool_calls: [{ ...own, type: "function" }] };
  await goOn(alone, own.id);
  const last = (await asked(KEY, 2)).at(-1);
  const roles = last === undefined ? [] : messagesOf(last).map(({ role }) => role);
  expect(roles).toEqual(["user", "assistant", "tool"]);
});
