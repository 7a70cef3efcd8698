import { canBeAsked } from "../backends/check-question.ts";
import type { Caller } from "../auth/caller.ts";
import type { Era } from "../core/era.ts";
import type { RpcRequest } from "../core/json-rpc.ts";
import type { ForwardedMethod } from "../gateway/gateway.ts";
import type { CallHop, ClientMessage, SessionInfo } from "./caller-stub.ts";
import { declaredCapabilities } from "./client-capabilities.ts";
import { acceptsStream, type Exchange } from "./exchange.ts";

type Asked = Readonly<{
  caller: Caller;
  era: Era;
  request: RpcRequest;
  /** Of a legacy client. */
  session: SessionInfo | undefined;
}>;

type Chosen = Pick<CallHop, "session" | "held">;

/** What a backend may answer with a question (MCP 2026-07-28, server/utilities/mrtr). */
const ASKING: ReadonlyMap<string, ForwardedMethod> = new Map(
  (["tools/call", "prompts/get", "resources/read"] as const).map((method) => [method, method]),
);

/** What changes the session itself. */
const OF_THE_SESSION: ReadonlySet<string> = new Set([
  "logging/setLevel",
  "resources/subscribe",
  "resources/unsubscribe",
]);

/**
 * Whether a request runs in the caller's object, because a question may have to wait there for its
 * answer; undefined for everything that the Worker answers by itself, which is nearly everything.
 */
export async function chooseObject(exchange: Exchange, asked: Asked): Promise<Chosen | undefined> {
  const { request, session } = asked;
  if (session !== undefined) {
    const inObject = session.interactive ? ASKING.has(request.method) : false;
    return inObject || OF_THE_SESSION.has(request.method)
      ? { session: session.id, held: undefined }
      : undefined;
  }
  const method = ASKING.get(request.method);
  if (asked.era === "legacy" || method === undefined) return undefined;
  const held = await heldHandle(exchange, asked, method);
  if (held !== undefined) return { session: undefined, held };
  return (await mayHaveToWait(exchange, asked, method))
    ? { session: undefined, held: undefined }
    : undefined;
}

/** The call that the client goes on with, where its state names one of ours. */
async function heldHandle(
  { deps, scope }: Exchange,
  { caller, request }: Asked,
  method: ForwardedMethod,
): Promise<string | undefined> {
  const params = request.params ?? {};
  if (params["requestState"] === undefined) return undefined;
  const state = await deps.states.open({ caller, scope, method, params }, params["requestState"]);
  return state.kind === "held" ? state.handle : undefined;
}

/** A client that can be asked, and a backend that would ask in the middle of the call. */
async function mayHaveToWait(
  { deps, scope, context }: Exchange,
  { caller, request }: Asked,
  method: ForwardedMethod,
): Promise<boolean> {
  if (!canBeAsked(declaredCapabilities(request))) return false;
  const params = request.params ?? {};
  const { era, sessionful } = await deps.gateway.locate(caller, { method, scope, params }, context);
  return era === "legacy" && sessionful;
}

export async function runInObject(
  { deps, scope, context, request: { headers } }: Exchange,
  { caller, era, request, session, held }: Omit<Asked, "session"> & Chosen,
): Promise<Response> {
  return deps.callers(caller.userId).call({
    caller,
    scope,
    era,
    session,
    held,
    request,
    headers: Object.fromEntries([...headers].filter(([name]) => name.startsWith("mcp-"))),
    acceptsStream: acceptsStream(headers),
    requestId: context.requestId,
  });
}

export async function tellObject(
  { deps, scope }: Exchange,
  caller: Caller,
  session: string,
  message: ClientMessage,
): Promise<void> {
  await deps.callers(caller.userId).tell({ caller, scope, session, message });
}
