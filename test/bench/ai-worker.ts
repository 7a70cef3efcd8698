import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { streamText } from "ai";
import { wayOut, type WayOut } from "../../src/core/way-out.ts";

/** The same work as the gateway's relay with an SDK between: read a provider, write its chunks. */
export default {
  async fetch(
    request: Request,
    env: WayOut & Readonly<{ SOURCE: string }>,
    execution: ExecutionContext,
  ): Promise<Response> {
    const { model } = (await request.json()) as { model: string };
    const out = wayOut(env);
    const provider = createOpenAICompatible({
      name: "bench",
      baseURL: env.SOURCE.replace("/chat/completions", ""),
      fetch: (url, init) => out(url instanceof Request ? url.url : url.toString(), init ?? {}),
    });
    const { fullStream } = streamText({ model: provider(model), prompt: "hi" });
    const { readable, writable } = new IdentityTransformStream();
    execution.waitUntil(relay(fullStream, writable.getWriter()));
    return new Response(readable, { headers: { "content-type": "text/event-stream" } });
  },
};

async function relay(
  parts: AsyncIterable<{ type: string; text?: string }>,
  writer: WritableStreamDefaultWriter<Uint8Array>,
): Promise<void> {
  const encoder = new TextEncoder();
  const head = { id: "bench", object: "chat.completion.chunk", created: 1, model: "bench" };
  const write = (delta: object, finish: string | null): Promise<void> => {
    const choices = [{ index: 0, delta, finish_reason: finish }];
    return writer.write(encoder.encode(`data: ${JSON.stringify({ ...head, choices })}\n\n`));
  };
  for await (const part of parts) {
    if (part.type === "text-delta") await write({ content: part.text }, null);
  }
  await write({}, "stop");
  await writer.write(encoder.encode("data: [DONE]\n\n"));
  await writer.close();
}
