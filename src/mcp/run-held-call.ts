import { canBeAsked } from "../backends/check-question.ts";
import { sha256Hex } from "../core/digest.ts";
import { GatewayError } from "../core/errors.ts";
import { isJsonObject, type JsonObject } from "../core/json.ts";
import { afterTimeout } from "../core/patience.ts";
import type { CallContext, ClientPort } from "../gateway/gateway.ts";
import type { CallHop } from "./caller-stub.ts";
import { declaredCapabilities, passableCapabilities, withoutTasks } from "./client-capabilities.ts";
import { calledTool, detachedReply } from "./detach-notice.ts";
import { dispatch } from "./dispatch.ts";
import { HeldCall, type Turn } from "./held-call.ts";
import type { HeldRoom } from "./held-room.ts";
import { listenBeside } from "./listen-beside.ts";
import { createLogFilter } from "./log-filter.ts";
import { failureReply } from "./mcp-errors.ts";
import { streamableReply, type Reply } from "./reply.ts";
import { declaresTasks } from "./task-wire.ts";
import { underId } from "./under-id.ts";
import { underToken } from "./under-token.ts";

/**
 * A call that may have to wait for its client: begins it, or goes on with it where `hop.held` names
 * it. Each request of the client gets the next turn of the call.
 */
export async function runHeldCall(room: HeldRoom, hop: CallHop): Promise<Response> {
  const { calls, waitUntil } = room;
  const { caller, request, acceptsStream } = hop;
  const handle = hop.held ?? (await begin(room, hop));
  const call = calls.resume(caller, handle, hop.requestId);
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
    onNotify: (to) =>
      call.listen((notification) => {
        const own = underToken(notification, request);
        if (own !== undefined) to(JSON.stringify(own));
      }),
    abandon: () => calls.abandon(hop.requestId),
    after: afterTimeout,
    waitUntil,
  });
}

/** What a backend asks as soon as a client has introduced itself, its roots mostly, is no part of a call. */
const GREETING_MS = 50;

async function begin(room: HeldRoom, hop: CallHop): Promise<string> {
  const { deps, calls, waitUntil } = room;
  const { caller, scope, era, request, requestId } = hop;
  const capabilities = withoutTasks(passableCapabilities(declaredCapabilities(request)));
  const call = new HeldCall(capabilities);
  const context: CallContext = {
    requestId,
    signal: call.signal,
    after: afterTimeout,
    waitUntil,
    ...(hop.passed === undefined ? {} : { headers: hop.passed }),
  };
  const profile = `m-${(await sha256Hex(JSON.stringify(capabilities))).slice(0, 12)}`;
  const { handle, slot } = calls.start(caller, call);
  // One call at a time on a connection: not every backend says which one its question belongs to.
  const connection = canBeAsked(capabilities) ? `${profile}.${slot}` : undefined;
  const client: ClientPort = { capabilities, connection, ask: call.ask };
  const log = createLogFilter(hop, (notification) => call.notify(notification));
  let isBegun = false;
  const isFirst = await listenBeside(room, hop, {
    client,
    // A modern client is asked in the answer to its call, and in no other way.
    heard: async (message) => (isBegun ? call.heard(message, log) : undefined),
    isListening: () => !call.isOver,
    context,
  });
  if (isFirst) await pause(GREETING_MS);
  isBegun = true;
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
      client,
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

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

function notOpen(): GatewayError {
  return new GatewayError(
    "invalid_params",
    "Cannot continue: the question is not open any more, send the request again without requestState",
  );
}
