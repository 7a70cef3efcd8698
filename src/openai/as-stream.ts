import type { Answering } from "../chat/answering.ts";
import type { AnswerHead } from "../chat/chat-event.ts";
import { asGatewayError } from "../core/errors.ts";
import { createChunkWriter } from "./chat-chunks.ts";
import { asOpenaiError, finerOf } from "./openai-errors.ts";
import type { SseWriter } from "./sse-writer.ts";

export type StreamedAnswer = Readonly<{
  head: AnswerHead;
  /** As the client asked in `stream_options`: otherwise no chunk may have empty choices. */
  includeUsage: boolean;
}>;

/** Tells the answer as chat.completion.chunk events, to the end; never throws. */
export async function asStream(
  answering: Answering,
  { head, includeUsage }: StreamedAnswer,
  writer: SseWriter,
): Promise<void> {
  const chunks = createChunkWriter(head, includeUsage);
  // Goes out with whatever comes first.
  let opening = [chunks.opening()];
  try {
    await answering.run((events) => {
      const out = [...opening, ...events.flatMap((event) => chunks.chunks(event))];
      opening = [];
      return out.length === 0 ? undefined : writer.write(out);
    });
    await writer.write(["data: [DONE]\n\n"]);
  } catch (error) {
    // The status has gone out already; SDKs raise a chunk with `error`, Open WebUI shows it.
    const known = asGatewayError(error);
    const told = JSON.stringify(asOpenaiError(known, finerOf(known)));
    await writer.write([...opening, `data: ${told}\n\n`, "data: [DONE]\n\n"]);
  } finally {
    await writer.close();
  }
}
