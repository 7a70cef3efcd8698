import type { Authenticator } from "../auth/authenticate.ts";
import type { Caller } from "../auth/caller.ts";
import { GiveUp } from "../core/call-signal.ts";
import { asGatewayError } from "../core/errors.ts";
import { HOP_HEADER, hopProblem } from "../core/hop.ts";
import { isJsonObject } from "../core/json.ts";
import type { RpcNotification, RpcRequest } from "../core/json-rpc.ts";
import { PATIENCE_MS } from "../core/patience.ts";
import type { CallContext, ClientPort, Scope } from "../gateway/gateway.ts";
import { isAllowedOrigin } from "../http/allowed-origin.ts";
import { challengeHeaders } from "../http/challenge.ts";
import { answerPreflight, isPreflight, withCors, type CorsPolicy } from "../http/cors.ts";
import { BODY_LIMIT, readJsonText } from "../http/json-body.ts";
import { knownCaller, requireCaller } from "../http/require-caller.ts";
import type { DispatchDeps } from "./call.ts";
import { declaredCapabilities, passableCapabilities } from "./client-capabilities.ts";
import { dispatch } from "./dispatch.ts";
import { failureReply } from "./mcp-errors.ts";
import { parseBody, WithId, type Message } from "./message.ts";
import { readEra } from "./request-era.ts";
import { jsonReply, streamableReply, type Reply } from "./reply.ts";
import { failureText, RpcFailure } from "./rpc-failure.ts";
import { createRunningRequests, type RunningRequests } from "./running-requests.ts";

/** Messages of one batch that run at the same time: six connections may wait per invocation. */
const BATCH_AT_ONCE = 5;

export type McpDeps = DispatchDeps &
  Readonly<{
    authenticator: Authenticator;
    ownOrigin: (request: Request) => string | undefined;
    /** Ours among the gateways a request has gone through. */
    hopId: () => Promise<string>;
    /** Browser origins from the config; read without waiting. */
    allowedOrigins: (context: CallContext) => readonly string[];
  }>;

export type McpEndpoint = (
  request: Request,
  scope: Scope,
  context: CallContext,
) => Promise<Response>;

/**
 * Streamable HTTP for both eras, stateless. In this order: is the address ours and the browser's
 * origin welcome (no side effects before that), who is asking, is the body sound, what is asked.
 */
export function createMcpEndpoint(deps: McpDeps): McpEndpoint {
  const running = createRunningRequests();

  return async (request, scope, context) => {
    const origin = deps.ownOrigin(request);
    if (origin === undefined)
      return refusal(421, "Misdirected request: this host is not the gateway's");
    const browser = request.headers.get("origin");
    if (browser !== null) {
      const configured = deps.allowedOrigins(context);
      if (!isAllowedOrigin({ origin: browser, ownOrigin: origin, configured })) {
        return refusal(403, "Forbidden: this origin may not use the gateway");
      }
    }
    const exchange = { deps, running, request, scope, context, origin };
    if (browser === null) return answerRequest(exchange);
    const policy: CorsPolicy = { kind: "listed", isAllowed: () => true };
    if (isPreflight(request)) return answerPreflight(request, policy);
    return withCors(await answerRequest(exchange), request, policy);
  };
}

type Exchange = Readonly<{
  deps: McpDeps;
  running: RunningRequests;
  request: Request;
  scope: Scope;
  context: CallContext;
  origin: string;
}>;

async function answerRequest(exchange: Exchange): Promise<Response> {
  const { deps, request, context, origin } = exchange;
  const { method } = request;
  let caller: Caller;
  try {
    const { authenticator } = deps;
    const question = { authenticator, request, resource: "mcp", origin, context } as const;
    caller = knownCaller(question) ?? (await requireCaller(question));
  } catch (error) {
    return refuseCaller(error, request, origin);
  }
  if (method === "HEAD") return new Response(null, { status: 200 });
  if (method !== "POST") {
    // No GET stream and no session to delete (Streamable HTTP allows 405 for both).
    return new Response(null, { status: 405, headers: { allow: "POST, HEAD, OPTIONS" } });
  }
  try {
    const { batch, messages } = parseBody(await readJsonText(request, BODY_LIMIT, context.after));
    if (batch) return await answerBatch(exchange, caller, messages);
    const [message] = messages;
    if (message?.kind === "request") return await answerOne(exchange, caller, message.request);
    if (message?.kind === "notification")
      handleNotification(exchange, caller, message.notification);
    return new Response(null, { status: 202 });
  } catch (error) {
    return jsonReply(failureReply(error instanceof WithId ? error.id : null, error));
  }
}

async function answerOne(
  exchange: Exchange,
  caller: Caller,
  request: RpcRequest,
): Promise<Response> {
  const { deps, running, scope } = exchange;
  const { headers } = exchange.request;
  if (HANDSHAKES.has(request.method)) {
    const loop = hopProblem(headers.get(HOP_HEADER), await deps.hopId());
    if (loop !== undefined) return refusal(508, `Loop detected: ${loop}`);
  }
  let era;
  try {
    era = readEra(request, headers);
  } catch (error) {
    return jsonReply(failureReply(request.id, error));
  }
  const { cancelled, finished } = running.start(caller.credentialId, request.id);
  const signal = new GiveUp();
  const giveUp = (): void => signal.abort();
  // Resolved by another request; workerd runs what follows in the context of this one.
  void cancelled.then(giveUp);
  const { requestId, waitUntil, after } = exchange.context;
  // The platform's signal costs on every request and only ever tells of slow ones.
  after(PATIENCE_MS, () => exchange.request.signal.addEventListener("abort", giveUp));
  const context: CallContext = { requestId, waitUntil, after, signal, alone: true };
  let listener: ((text: string) => void) | undefined;
  const notify = (notification: RpcNotification): void => listener?.(JSON.stringify(notification));
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
function askedInResults(request: RpcRequest): ClientPort | undefined {
  const capabilities = passableCapabilities(declaredCapabilities(request));
  for (const _ in capabilities) return { capabilities, connection: undefined, ask: undefined };
  return undefined;
}

/** What a gateway sends first to a backend: only these carry the way they have gone. */
const HANDSHAKES: ReadonlySet<string> = new Set(["initialize", "server/discover"]);

/** Some clients accept anything or say nothing; JSON suits everyone, a stream only who asked. */
function acceptsStream(headers: Headers): boolean {
  return headers.get("accept")?.includes("text/event-stream") ?? false;
}

async function answerBatch(
  exchange: Exchange,
  caller: Caller,
  messages: readonly Message[],
): Promise<Response> {
  const { deps, scope, context } = exchange;
  const { headers } = exchange.request;
  const replies: (Reply | undefined)[] = [];
  const queue = messages.entries();
  async function work(): Promise<void> {
    for (const [index, message] of queue) {
      if (message.kind === "notification")
        handleNotification(exchange, caller, message.notification);
      if (message.kind === "invalid") {
        replies[index] = { text: failureText(message.id, message.failure), status: 400 };
      }
      if (message.kind !== "request") continue;
      const { request } = message;
      replies[index] = isModern(request)
        ? noBatch(request)
        : await dispatch(deps, {
            caller,
            scope,
            era: "legacy",
            request,
            headers,
            notify: undefined,
            client: undefined,
            context,
          });
    }
  }
  await Promise.all(Array.from({ length: BATCH_AT_ONCE }, work));
  const texts = replies.flatMap((reply) => reply?.text ?? []);
  if (texts.length === 0) return new Response(null, { status: 202 });
  return jsonReply({ text: `[${texts.join(",")}]`, status: 200 });
}

function isModern({ params }: RpcRequest): boolean {
  const meta = params?.["_meta"];
  return (
    isJsonObject(meta) &&
    Object.keys(meta).some((key) => key === "io.modelcontextprotocol/protocolVersion")
  );
}

function noBatch({ id }: RpcRequest): Reply {
  const failure = new RpcFailure(400, -32600, "Invalid request: this revision has no batches");
  return { text: failureText(id, failure), status: 400 };
}

function handleNotification(
  { running }: Exchange,
  caller: Caller,
  notification: RpcNotification,
): void {
  if (notification.method !== "notifications/cancelled") return;
  const id = notification.params?.["requestId"];
  if (typeof id === "string" || typeof id === "number") running.cancel(caller.credentialId, id);
}

function refuseCaller(error: unknown, request: Request, origin: string): Response {
  const known = asGatewayError(error);
  if (known.code !== "unauthorized" && known.code !== "forbidden") {
    const response = jsonReply(failureReply(null, known));
    if (known.retryAfter !== undefined)
      response.headers.set("retry-after", String(known.retryAfter));
    return response;
  }
  const status = known.code === "unauthorized" ? 401 : 403;
  return new Response(null, {
    status,
    headers: challengeHeaders(known, { request, resource: "mcp", origin }),
  });
}

function refusal(status: number, message: string): Response {
  return jsonReply({ text: failureText(null, new RpcFailure(status, -32600, message)), status });
}
