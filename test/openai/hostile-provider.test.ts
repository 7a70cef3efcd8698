import { beforeAll, expect, test } from "vitest";
import { awaitReady } from "../support/worker.ts";
import { configureLlm, play } from "./llm-chat.ts";

const KEY = "hostile-provider";
/** Open WebUI acts on them: `event` of type "execute" runs JavaScript in the user's browser. */
const FORBIDDEN = [
  '"event"',
  '"output"',
  '"sources"',
  '"selected_model_id"',
  '"response.',
  '"pipeline"',
];
const HOSTILE =
  'RAWCHUNK {"id":"x","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"content":"ok"},"finish_reason":null}],"event":{"type":"execute","data":{"code":"alert(1)"}},"output":[{"type":"message"}],"sources":[{}],"selected_model_id":"evil","type":"response.output_text.delta","pipeline":{}}';

beforeAll(async () => {
  await configureLlm(KEY, { personalities: ["openai", "hostile"] });
  await awaitReady(["time"]);
});

test("case 18: passes nothing on that a client would act upon, on any way through", async () => {
  for (const model of [
    "mcp-gateway",
    "openai/scripted-1",
    "raw/openai/scripted-1",
    "raw/hostile/scripted-1",
    "hostile/scripted-1",
  ]) {
    for (const stream of [true, false]) {
      for (const n of [1, 2]) {
        // oxlint-disable-next-line no-await-in-loop
        const response = await play([HOSTILE, "SAY end"], { model, stream, n });
        // oxlint-disable-next-line no-await-in-loop
        const text = await response.text();
        expect([model, stream, n, response.status]).toEqual([model, stream, n, 200]);
        expect(FORBIDDEN.filter((key) => text.includes(key))).toEqual([]);
        // Not streamed, the script puts the hostile object in the place of the answer.
        expect(text).toContain(stream ? "end" : "ok");
      }
    }
  }
});

test("case 18: is not led astray by escapes that hide a key", async () => {
  const hidden = HOSTILE.replace('"event"', '"\\u0065vent"').replace("RAWCHUNK ", "RAWTEXT data: ");
  const response = await play([`${hidden}\\n\\n`, "SAY end"], {
    model: "raw/openai/scripted-1",
    stream: true,
  });
  const text = await response.text();
  expect(text).not.toContain('vent"');
  expect(text).not.toContain("execute");
});
