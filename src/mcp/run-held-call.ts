import { sha256Hex } from "../core/digest.ts";
import { GatewayError } from "../core/errors.ts";
import { isJsonObject, type JsonObject } from "../core/json.ts";
import type { RequestId } from "../core/json-rpc.ts";
import { afterTimeout } from "../core/patience.ts";
import type { ForwardedMethod } from "../gateway/gateway.ts";
import type { DispatchDeps } from "./call.ts";
import type { CallHop } from "./caller-stub.ts";
import { declaredCapabilities, passableCapabilities } from "./client-capabilities.ts";
import { dispatch } from "./dispatch.ts";
import { HeldCall, type Turn } from "./held-call.ts";
import type { HeldCalls } from "./held-calls.ts";
import { failureReply } from "./mcp-errors.ts";
import { streamableReply, type Reply } from "./reply.ts";

/**
 * A modern call to a legacy backend that may ask: begins it, or goes on with it where `hop.held`
 * names it. Each request of the client gets the next turn of the call.
 */
export async function runHeldCall(
  deps: DispatchDeps,
  calls: HeldCalls,
  hop: CallHop,
  waitUntil: (work: Promise<unknown>) => void,
): Promise<Response> {
  const { caller, request, acceptsStream } = hop;
  const handle = hop.held ?? (await begin(deps, calls, hop, waitUntil));
  const call = calls.resume(caller, handle);
  if (call === undefined) throw notOpen();
  if (hop.held !== undefined) {
    const responses = request.params?.["inputResponses"];
    call.answer(isJsonObject(responses) ? responses : {});
  }
  const answer = call
    .turn()
    .then((turn) => toReply(deps, calls, hop, { handle, turn }))
    .catch((error: unknown) => failureReply(request.id, error));
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

async function begin(
  { gateway, states }: DispatchDeps,
  calls: HeldCalls,
  hop: CallHop,
  waitUntil: (work: Promise<unknown>) => void,
): Promise<string> {
  const { caller, scope, era, request, requestId } = hop;
  const capabilities = passableCapabilities(declaredCapabilities(request));
  const call = new HeldCall(capabilities);
  const context = { requestId, signal: call.signal, after: afterTimeout, waitUntil };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only forwarded ones are held
  const method = request.method as ForwardedMethod;
  const located = { method, scope, params: request.params ?? {} };
  const { transport } = await gateway.locate(caller, located, context);
  const profile = `m-${(await sha256Hex(JSON.stringify(capabilities))).slice(0, 12)}`;
  const { handle, slot } = calls.start(caller, call);
  // Over HTTP+SSE nothing says which of two calls a question belongs to: one at a time.
  const connection = transport === "sse" ? `${profile}.${slot}` : profile;
  const { requestState: _, inputResponses: __, ...params } = request.params ?? {};
  const running = dispatch(
    { gateway, states },
    {
      caller,
      scope,
      era,
      // The answer may be asked for under another id: under this one it is found again.
      request: { ...request, id: handle, params },
      headers: new Headers(hop.headers),
      notify: (notification) => call.notify(notification),
      client: { capabilities, connection, ask: call.ask },
      context,
    },
  ).then((reply) => call.finish(reply));
  waitUntil(running);
  return handle;
}

async function toReply(
  { states }: DispatchDeps,
  calls: HeldCalls,
  { caller, scope, request }: CallHop,
  { handle, turn }: Readonly<{ handle: string; turn: Turn }>,
): Promise<Reply> {
  if (turn.kind === "done") {
    calls.end(handle);
    return { ...turn.reply, text: underId(turn.reply.text, handle, request.id) };
  }
  calls.park(handle);
  const { method, params = {} } = request;
  const requestState = await states.seal(
    { caller, scope, method, params },
    { kind: "held", handle },
  );
  const inputRequests: JsonObject = Object.fromEntries(turn.questions);
  const result = { resultType: "input_required", inputRequests, requestState };
  return { text: JSON.stringify({ jsonrpc: "2.0", id: request.id, result }), status: 200 };
}

/** The handle is random and stands in the text once, as the id. */
function underId(text: string, handle: string, id: RequestId): string {
  return text.replace(JSON.stringify(handle), () => JSON.stringify(id));
}

function notOpen(): GatewayError {
  return new GatewayError(
    "invalid_params",
    "Cannot continue: the question is not open any more, send the request again without requestState",
  );
}
