import { expect, test } from "vitest";
import { afterTimeout } from "../../src/core/patience.ts";
import { streamableReply, type Work } from "../../src/mcp/reply.ts";

function work(changes: Partial<Work> = {}) {
  const { promise, resolve } = Promise.withResolvers<{ text: string; status: number }>();
  let listener = (_text: string): void => {};
  const reply = streamableReply({
    answer: promise,
    onNotify: (to) => {
      listener = to;
    },
    mayStream: () => true,
    abandon: () => {},
    after: afterTimeout,
    waitUntil: () => {},
    ...changes,
  });
  return { reply, answer: resolve, notify: (text: string) => listener(text) };
}

test("answers JSON when the answer comes alone", async () => {
  const { reply, answer } = work();
  answer({ text: '{"id":1}', status: 200 });
  const response = await reply;
  expect(response.headers.get("content-type")).toBe("application/json");
  expect(await response.text()).toBe('{"id":1}');
});

test("streams notifications first and the answer last", async () => {
  const { reply, answer, notify } = work();
  notify('{"n":1}');
  const response = await reply;
  notify('{"n":2}');
  answer({ text: '{\n"id":1}', status: 200 });
  expect(response.headers.get("content-type")).toBe("text/event-stream");
  expect(await response.text()).toBe(['{"n":1}', '{"n":2}', '{ "id":1}'].map(eventOf).join(""));
});

test("writes once what comes at the same time", async () => {
  const { reply, answer, notify } = work();
  notify('{"n":1}');
  const reader = (await reply).body?.pipeThrough(new TextDecoderStream()).getReader();
  const read = async (): Promise<string> => (await reader?.read())?.value ?? "";
  expect(await read()).toBe(eventOf('{"n":1}'));
  notify('{"n":2}');
  notify('{"n":3}');
  expect(await read()).toBe(eventOf('{"n":2}') + eventOf('{"n":3}'));
  answer({ text: '{"id":1}', status: 200 });
  expect(await read()).toBe(eventOf('{"id":1}'));
});

function eventOf(data: string): string {
  return `event: message\ndata: ${data}\n\n`;
}

test("answers JSON alone to a client that takes no stream", async () => {
  const { reply, answer, notify } = work({ mayStream: () => false });
  notify('{"n":1}');
  answer({ text: '{"id":1}', status: 200 });
  expect(await (await reply).text()).toBe('{"id":1}');
});

test("keeps a bounded number of notifications for a client that reads slowly, and the answer", async () => {
  const { reply, answer, notify } = work();
  notify("{}");
  const response = await reply;
  for (let index = 0; index < 5_000; index += 1) notify('{"flood":true}');
  answer({ text: '{"id":1}', status: 200 });
  const events = (await response.text()).split("\n\n").filter((event) => event !== "");
  expect(events.length).toBeLessThanOrEqual(1_001);
  expect(events.at(-1)).toBe('event: message\ndata: {"id":1}');
});
