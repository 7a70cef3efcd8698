import type { RequestContext } from "../gateway/gateway.ts";
import type { InFlight } from "../gateway/limits.ts";

/**
 * Answers while a user has no more chats under way than it may: each holds a connection to a
 * provider, and costs its owner money. A streamed answer is under way until its last byte. Throws
 * `rate_limited`.
 */
export async function answerSeated(
  {
    chats,
    userId,
    context,
  }: Readonly<{
    chats: InFlight;
    userId: string;
    context: RequestContext;
  }>,
  answer: (context: RequestContext) => Promise<Response>,
): Promise<Response> {
  chats.enter(userId);
  const writing: Promise<unknown>[] = [];
  const { signal, after, requestId, headers } = context;
  const waitUntil = (work: Promise<unknown>): void => {
    writing.push(work);
    context.waitUntil(work);
  };
  try {
    return await answer({ surface: "openai", signal, after, requestId, headers, waitUntil });
  } finally {
    const over = Promise.allSettled(writing).then(() => chats.leave(userId));
    context.waitUntil(over);
  }
}
