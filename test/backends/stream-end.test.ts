import { expect, test } from "vitest";
import { readReply } from "../../src/backends/read-answer.ts";

const ANSWER = `event: message\ndata: {"jsonrpc":"2.0","id":7,"result":{}}\n\n`;
const EXPECTED = { wireId: 7, what: "the answer", onMessage: () => {} };

/** An event stream with its answer, which ends only when it is told to. */
function openStream() {
  let cancelled = false;
  let end = (): void => {};
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(new TextEncoder().encode(ANSWER));
      end = () => controller.close();
    },
    cancel() {
      cancelled = true;
    },
  });
  const response = new Response(body, { headers: { "content-type": "text/event-stream" } });
  return { response, end: () => end(), wasCancelled: () => cancelled };
}

test("answers at once and lets the stream end by itself, so that its connection stays", async () => {
  const { response, end, wasCancelled } = openStream();
  const kept: Promise<unknown>[] = [];
  const reply = await readReply(response, { ...EXPECTED, waitUntil: (work) => kept.push(work) });
  expect(reply.kind).toBe("response");
  end();
  await Promise.all(kept);
  expect(kept).toHaveLength(1);
  expect(wasCancelled()).toBe(false);
});

test("cancels a stream that its backend keeps open after the answer", async () => {
  const { response, wasCancelled } = openStream();
  const kept: Promise<unknown>[] = [];
  await readReply(response, { ...EXPECTED, waitUntil: (work) => kept.push(work) });
  await Promise.all(kept);
  expect(wasCancelled()).toBe(true);
});
