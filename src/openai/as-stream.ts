import { asGatewayError } from "../core/errors.ts";
import type { AnswerHead, ChatEvent, ChatUsage } from "./chat-event.ts";
import { asOpenaiError } from "./openai-errors.ts";
import { splitText } from "./split-text.ts";

/**
 * Proxies close silent streams, the shortest known after 15 s; and only a write that fails tells
 * workerd that the client has left, so a short time ends the tool soon after.
 */
const KEEP_ALIVE_MS = 2_000;
const KEEP_ALIVE = ": keep-alive\n\n";

export type StreamedAnswer = Readonly<{
  head: AnswerHead;
  /** Absent when the client did not ask for usage: then no chunk may have empty choices. */
  usageOf: ((answer: string) => ChatUsage) | undefined;
}>;

/**
 * The answer as chat.completion.chunk events. Open WebUI's direct connections split each network
 * read into lines without a buffer, so every enqueue is exactly one whole event.
 */
export function asStream(
  open: (signal: AbortSignal) => AsyncIterable<ChatEvent>,
  answer: StreamedAnswer,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const hangUp = new AbortController();
  const chunks = chunksOf(open(hangUp.signal), answer);
  let pending: Promise<IteratorResult<string>> | undefined;
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      pending ??= chunks.next();
      const next = await orSilence(pending);
      if (next === "silence") {
        controller.enqueue(encoder.encode(KEEP_ALIVE));
        return;
      }
      pending = undefined;
      if (next.done === true) controller.close();
      else controller.enqueue(encoder.encode(`data: ${next.value}\n\n`));
    },
    cancel() {
      hangUp.abort();
    },
  });
}

async function* chunksOf(
  events: AsyncIterable<ChatEvent>,
  { head, usageOf }: StreamedAnswer,
): AsyncGenerator<string> {
  const base = {
    id: head.id,
    object: "chat.completion.chunk",
    created: head.created,
    model: head.model,
  };
  // OpenAI: with `include_usage` every other chunk carries `usage: null`.
  const usage = usageOf === undefined ? {} : { usage: null };
  const chunk = (delta: Readonly<Record<string, unknown>>, finish: "stop" | null): string =>
    JSON.stringify({
      ...base,
      choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
      ...usage,
    });
  yield chunk({ role: "assistant", content: "", refusal: null }, null);
  let content = "";
  try {
    for await (const event of events) {
      content += event.text;
      for (const piece of splitText(event.text)) yield chunk({ content: piece }, null);
    }
  } catch (error) {
    // The status has gone out already; SDKs raise a chunk with `error`, Open WebUI shows it.
    yield JSON.stringify(asOpenaiError(asGatewayError(error)));
    yield "[DONE]";
    return;
  }
  yield chunk({}, "stop");
  if (usageOf !== undefined) {
    yield JSON.stringify({ ...base, choices: [], usage: usageOf(content) });
  }
  yield "[DONE]";
}

async function orSilence<T>(work: Promise<T>): Promise<T | "silence"> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const silence = new Promise<"silence">((resolve) => {
    timer = setTimeout(() => resolve("silence"), KEEP_ALIVE_MS);
  });
  try {
    return await Promise.race([work, silence]);
  } finally {
    clearTimeout(timer);
  }
}
