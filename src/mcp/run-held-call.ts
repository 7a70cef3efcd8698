import { canBeAsked } from "../backends/check-question.ts";
import { sha256Hex } from "../core/digest.ts";
import { GatewayError } from "../core/errors.ts";
import { isJsonObject, type JsonObject } from "../core/json.ts";
import { afterTimeout } from "../core/patience.ts";
import type { CallContext } from "../gateway/gateway.ts";
import type { DispatchDeps } from "./call.ts";
import type { CallHop } from "./caller-stub.ts";
import { declaredCapabilities, passableCapabilities, withoutTasks } from "./client-capabilities.ts";
import { calledTool, detachedReply } from "./detach-notice.ts";
import type { DetachedCalls } from "./detached-calls.ts";
import { dispatch } from "./dispatch.ts";
import { HeldCall, type Turn } from "./held-call.ts";
import type { HeldCalls } from "./held-calls.ts";
import { failureReply } from "./mcp-errors.ts";
import { streamableReply, type Reply } from "./reply.ts";
import { declaresTasks } from "./task-wire.ts";
import { underId } from "./under-id.ts";

/** What of a caller's object a held call lives in. */
export type HeldRoom = Readonly<{
  deps: DispatchDeps;
  calls: HeldCalls;
  detached: DetachedCalls;
  waitUntil: (work: Promise<unknown>) => void;
}>;

/**
 * A call that may have to wait for its client: begins it, or goes on with it where `hop.held` names
 * it. Each request of the client gets the next turn of the call.
 */
export async function runHeldCall(room: HeldRoom, hop: CallHop): Promise<Response> {
  const { calls, waitUntil } = room;
  const { caller, request, acceptsStream } = hop;
  const handle = hop.held ?? (await begin(room, hop));
  const call = calls.resume(caller, handle);
  if (call === undefined) throw notOpen();
  if (hop.held !== undefined) {
    const responses = request.params?.["inputResponses"];
    call.answer(isJsonObject(responses) ? responses : {});
  }
  const answer = nextReply(room, hop, { handle, call }).catch((error: unknown) =>
    failureReply(request.id, error),
  );
  return streamableReply({
    answer,
    mayStream: () => acceptsStream,
    onNotify: (to) => call.listen((notification) => to(JSON.stringify(notification))),
    // 2026-07-28, basic/utilities/cancellation: closing the stream is how a modern client cancels.
    abandon: () => {
      call.abort();
      calls.end(handle);
    },
    after: afterTimeout,
    waitUntil,
  });
}

async function begin({ deps, calls, waitUntil }: HeldRoom, hop: CallHop): Promise<string> {
  const { caller, scope, era, request, requestId } = hop;
  const capabilities = withoutTasks(passableCapabilities(declaredCapabilities(request)));
  const call = new HeldCall(capabilities);
  const context: CallContext = {
    requestId,
    signal: call.signal,
    after: afterTimeout,
    waitUntil,
  };
  const profile = `m-${(await sha256Hex(JSON.stringify(capabilities))).slice(0, 12)}`;
  const { handle, slot } = calls.start(caller, call);
  const { requestState: _, inputResponses: __, ...params } = request.params ?? {};
  waitUntil(
    dispatch(deps, {
      caller,
      scope,
      era,
      // The answer may be asked for under another id: under this one it is found again.
      request: { ...request, id: handle, params },
      headers: new Headers(hop.headers),
      notify: (notification) => call.notify(notification),
      client: {
        capabilities,
        // Over HTTP+SSE nothing says which of two calls a question belongs to: one at a time.
        connection: canBeAsked(capabilities)
          ? `${profile}.${hop.isOneAtATime ? slot : 0}`
          : undefined,
        ask: call.ask,
      },
      context,
    }).then((reply) => call.finish(reply)),
  );
  return handle;
}

/** The next turn, or the notice that the call goes on without its client. */
async function nextReply(
  room: HeldRoom,
  hop: CallHop,
  { handle, call }: Readonly<{ handle: string; call: HeldCall }>,
): Promise<Reply> {
  const next = call.turn().then((turn) => toReply(room, hop, { handle, turn }));
  if (hop.detachAfterMs === undefined) return next;
  const canAnswerLater = declaresTasks(declaredCapabilities(hop.request));
  return room.detached.race(
    {
      tool: calledTool(hop.request),
      afterMs: hop.detachAfterMs,
      whole: call.done,
      answerId: handle,
      next,
      detached: (kept) => detachedReply(room.deps, hop, kept),
      abort: () => call.abort(),
      ...(canAnswerLater
        ? {
            questions: () => call.questions(),
            answer: (responses: JsonObject) => call.answer(responses),
          }
        : {}),
    },
    (kept) => {
      call.listen((notification) => room.detached.note(kept, notification));
      if (!canAnswerLater) call.leave();
      room.calls.end(handle);
    },
  );
}

async function toReply(
  { deps, calls }: HeldRoom,
  { caller, scope, request }: CallHop,
  { handle, turn }: Readonly<{ handle: string; turn: Turn }>,
): Promise<Reply> {
  if (turn.kind === "done") {
    calls.end(handle);
    return { ...turn.reply, text: underId(turn.reply.text, handle, request.id) };
  }
  calls.park(handle);
  const { method, params = {} } = request;
  const requestState = await deps.states.seal(
    { caller, scope, method, params },
    { kind: "held", handle },
  );
  const inputRequests: JsonObject = Object.fromEntries(turn.questions);
  const result = { resultType: "input_required", inputRequests, requestState };
  return { text: JSON.stringify({ jsonrpc: "2.0", id: request.id, result }), status: 200 };
}

function notOpen(): GatewayError {
  return new GatewayError(
    "invalid_params",
    "Cannot continue: the question is not open any more, send the request again without requestState",
  );
}
