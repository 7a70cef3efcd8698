import type { CallHop } from "./caller-stub.ts";
import { openEventStream } from "./event-stream.ts";
import type { LiveUpdates } from "./live-updates.ts";
import { failureReply } from "./mcp-errors.ts";
import { jsonReply } from "./reply.ts";

/** A change is small and clients re-list at leisure: who does not read so many has stopped reading. */
const MAX_WAITING = 1_000;

/** `subscriptions/listen` (MCP 2026-07-28): a stream until the client leaves, or a refusal. */
export async function answerListen(
  updates: Pick<LiveUpdates, "listen">,
  { caller, scope, request }: Pick<CallHop, "caller" | "scope" | "request">,
): Promise<Response> {
  let isGone = false;
  let stop: (() => void) | undefined;
  const stream = openEventStream(() => {
    isGone = true;
    stop?.();
  });
  try {
    stop = await updates.listen({
      caller,
      scope,
      id: request.id,
      params: request.params,
      send: (message) => {
        if (stream.waiting() < MAX_WAITING) stream.send([{ data: JSON.stringify(message) }]);
      },
      close: () => void stream.close(),
    });
  } catch (error) {
    void stream.close();
    return jsonReply(failureReply(request.id, error));
  }
  // It may have left while backends were being made to listen.
  if (isGone) stop();
  return stream.response;
}
