import type { Answering } from "../chat/answering.ts";
import type { AnswerHead } from "../chat/chat-event.ts";
import { createChunkWriter } from "./chat-chunks.ts";
import type { ToldStyle } from "./progress-style.ts";
import { createProgressTeller, type Told } from "./progress-teller.ts";
import type { SseWriter } from "./sse-writer.ts";
import { DONE, failedEnd } from "./stream-end.ts";

export type StreamedAnswer = Readonly<{
  head: AnswerHead;
  /** As the client asked in `stream_options`: otherwise no chunk may have empty choices. */
  includeUsage: boolean;
  progress: ToldStyle;
}>;

/** Tells the answer as chat.completion.chunk events, to the end; never throws. */
export async function asStream(
  answering: Answering,
  { head, includeUsage, progress }: StreamedAnswer,
  writer: SseWriter,
): Promise<void> {
  const chunks = createChunkWriter(head, includeUsage);
  const teller = createProgressTeller(progress);
  const asChunks = (told: readonly Told[]): readonly string[] =>
    told.flatMap((one) =>
      one.kind === "status"
        ? [chunks.aside({ event: { type: "status", data: one.data } })]
        : chunks.chunks(one),
    );
  // Goes out with whatever comes first.
  let opening = [chunks.opening()];
  try {
    await answering.run((events) => {
      const out = opening;
      opening = [];
      for (const event of events) {
        out.push(...asChunks(teller.tell(event)), ...chunks.chunks(event));
      }
      return out.length === 0 ? undefined : writer.write(out);
    });
    await writer.write([DONE]);
  } catch (error) {
    await writer.write([...opening, ...asChunks(teller.close()), ...failedEnd(error)]);
  } finally {
    await writer.close();
  }
}
