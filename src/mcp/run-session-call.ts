import { afterTimeout } from "../core/patience.ts";
import { clientLeft } from "../core/question.ts";
import type { RpcNotification } from "../core/json-rpc.ts";
import type { CallContext, ClientPort } from "../gateway/gateway.ts";
import type { CallHop } from "./caller-stub.ts";
import { calledTool, detachedReply } from "./detach-notice.ts";
import { dispatch } from "./dispatch.ts";
import { listenBeside } from "./listen-beside.ts";
import type { SessionPort } from "./live-session.ts";
import type { Reply } from "./reply.ts";
import type { HeldRoom } from "./held-room.ts";
import { underId } from "./under-id.ts";

/** A request of a legacy session, until it is answered or goes on without its client. */
export async function runSessionCall(
  { deps, detached, own, waitUntil }: Pick<HeldRoom, "deps" | "detached" | "own" | "waitUntil">,
  hop: CallHop,
  port: SessionPort & Readonly<{ onConnected: (object: string) => void }>,
): Promise<Reply> {
  let kept: string | undefined;
  const notify = (notification: RpcNotification): void => {
    if (kept === undefined) port.notify(notification);
    else detached.note(kept, notification);
  };
  const { ask } = port.client;
  const client: ClientPort = {
    ...port.client,
    ask:
      ask === undefined
        ? undefined
        : (question, signal) =>
            kept === undefined ? ask(question, signal) : Promise.reject(clientLeft()),
    onStreamClosed: () => {
      if (kept === undefined) port.client.onStreamClosed?.();
    },
  };
  const { caller, scope, era, request, requestId, detachAfterMs } = hop;
  const context: CallContext = {
    requestId,
    signal: port.signal,
    after: afterTimeout,
    waitUntil,
    ...(hop.passed === undefined ? {} : { headers: hop.passed }),
  };
  const { heard, isListening, onConnected } = port;
  await listenBeside({ deps, own }, hop, { client, heard, isListening, onConnected, context });
  // Under this id the answer is found again when it is asked for under another.
  const answerId = `d-${crypto.randomUUID()}`;
  const whole = dispatch(deps, {
    caller,
    scope,
    era,
    request: detachAfterMs === undefined ? request : { ...request, id: answerId },
    headers: new Headers(hop.headers),
    notify,
    client,
    context,
  });
  if (detachAfterMs === undefined) return whole;
  return detached.race(
    {
      tool: calledTool(request),
      afterMs: detachAfterMs,
      whole,
      answerId,
      next: whole.then(({ text, status }) => ({
        text: underId(text, answerId, request.id),
        status,
      })),
      detached: (call) => detachedReply(deps, hop, call),
      abort: () => port.signal.abort(),
    },
    (handle) => {
      kept = handle;
    },
  );
}
