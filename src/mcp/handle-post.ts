import type { Caller } from "../auth/caller.ts";
import { GiveUp } from "../core/call-signal.ts";
import { HOP_HEADER, hopProblem } from "../core/hop.ts";
import type { RpcNotification, RpcRequest } from "../core/json-rpc.ts";
import { PATIENCE_MS } from "../core/patience.ts";
import type { CallContext, ClientPort } from "../gateway/gateway.ts";
import { BODY_LIMIT, readJsonText } from "../http/json-body.ts";
import { answerBatch } from "./answer-batch.ts";
import type { ClientMessage, SessionInfo } from "./caller-stub.ts";
import { declaredCapabilities, passableCapabilities } from "./client-capabilities.ts";
import { dispatch } from "./dispatch.ts";
import { acceptsStream, type Exchange } from "./exchange.ts";
import { initialize } from "./initialize.ts";
import { inMode } from "./asked-mode.ts";
import { passesLevel } from "./log-filter.ts";
import { failureReply } from "./mcp-errors.ts";
import { parseBody, WithId } from "./message.ts";
import { chooseObject, runInObject, tellObject } from "./object-lane.ts";
import { readEra } from "./request-era.ts";
import { jsonReply, streamableReply } from "./reply.ts";
import { RpcFailure } from "./rpc-failure.ts";

/** Everything a client sends comes as a POST: a request, a notification, an answer, or a batch. */
export async function handlePost(exchange: Exchange, caller: Caller): Promise<Response> {
  const { request, context } = exchange;
  try {
    const { batch, messages } = parseBody(await readJsonText(request, BODY_LIMIT, context.after));
    const [message] = messages;
    if (batch) {
      const session = await requireSession(exchange, caller);
      const hear = (one: ClientMessage): Promise<void> => hearClient(exchange, caller, one);
      const listing = inMode(caller, exchange.mode, session);
      return await answerBatch(exchange, listing, { messages, hear });
    }
    if (message?.kind === "request") return await answerOne(exchange, caller, message.request);
    if (message?.kind === "notification" || message?.kind === "response") {
      await hearClient(exchange, caller, message);
    }
    return new Response(null, { status: 202 });
  } catch (error) {
    return jsonReply(failureReply(error instanceof WithId ? error.id : null, error));
  }
}

async function answerOne(
  exchange: Exchange,
  asking: Caller,
  request: RpcRequest,
): Promise<Response> {
  const { deps, mode } = exchange;
  const { headers } = exchange.request;
  try {
    if (HANDSHAKES.has(request.method)) {
      const loop = hopProblem(headers.get(HOP_HEADER), await deps.hopId());
      if (loop !== undefined) throw new RpcFailure(508, -32600, `Loop detected: ${loop}`);
    }
    const era = readEra(request, headers);
    if (era === "legacy" && request.method === "initialize") {
      return await initialize(exchange, inMode(asking, mode), request);
    }
    const session = era === "legacy" ? await requireSession(exchange, asking) : undefined;
    const caller = inMode(asking, mode, session);
    const object = await chooseObject(exchange, { caller, era, request, session });
    if (object !== undefined)
      return await runInObject(exchange, { caller, era, request, ...object });
    return await answerHere(exchange, caller, { era, request, session });
  } catch (error) {
    return jsonReply(failureReply(request.id, error));
  }
}

/** What a gateway sends first to a backend: only these carry the way they have gone. */
const HANDSHAKES: ReadonlySet<string> = new Set(["initialize", "server/discover"]);

/** Of the session a client names; a client without one is served all the same. */
async function requireSession(
  { sessions, scope, request }: Exchange,
  caller: Caller,
): Promise<SessionInfo | undefined> {
  const id = request.headers.get("mcp-session-id");
  return id === null ? undefined : sessions.require(caller, scope, id);
}

/** The direct lane: nothing of the request outlives it. */
async function answerHere(
  { deps, running, scope, ...exchange }: Exchange,
  caller: Caller,
  {
    era,
    request,
    session,
  }: Pick<Parameters<typeof chooseObject>[1], "era" | "request" | "session">,
): Promise<Response> {
  const { headers } = exchange.request;
  const owner = { caller, session: session?.id };
  const { cancelled, finished } = running.start(owner, request.id);
  const signal = new GiveUp();
  const giveUp = (): void => signal.abort();
  // Resolved by another request; workerd runs what follows in the context of this one.
  void cancelled.then(giveUp);
  const { requestId, waitUntil, after } = exchange.context;
  // The platform's signal costs on every request and only ever tells of slow ones.
  after(PATIENCE_MS, () => exchange.request.signal.addEventListener("abort", giveUp));
  const context: CallContext = { requestId, waitUntil, after, signal, headers, alone: true };
  let listener: ((text: string) => void) | undefined;
  const notify = (notification: RpcNotification): void => {
    if (passesLevel(notification, session?.logLevel)) listener?.(JSON.stringify(notification));
  };
  const answer = dispatch(deps, {
    caller,
    scope,
    era,
    request,
    headers,
    notify,
    client: era === "modern" ? askedInResults(request) : undefined,
    context,
  }).finally(finished);
  return streamableReply({
    answer,
    mayStream: () => acceptsStream(headers),
    onNotify: (to) => {
      listener = to;
    },
    abandon: giveUp,
    after,
    waitUntil,
  });
}

/** A modern client: questions go back in the result, so nobody has to wait for the answers. */
function askedInResults(request: RpcRequest): ClientPort {
  const capabilities = passableCapabilities(declaredCapabilities(request));
  return { capabilities, connection: undefined, ask: undefined };
}

async function hearClient(
  exchange: Exchange,
  caller: Caller,
  message: ClientMessage,
): Promise<void> {
  const session = await requireSession(exchange, caller);
  if (message.kind === "notification") {
    const owner = { caller, session: session?.id };
    exchange.running.hear(owner, message.notification);
  }
  if (session !== undefined && concernsObject(message)) {
    await tellObject(exchange, caller, session.id, message);
  }
}

/** Answers to questions, and cancellations: what `initialized` and progress say is of no use there. */
function concernsObject(message: ClientMessage): boolean {
  if (message.kind === "response") return true;
  const { method } = message.notification;
  return method === "notifications/cancelled" || method === "notifications/roots/list_changed";
}
