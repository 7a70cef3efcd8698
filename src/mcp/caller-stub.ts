import type { BackendListener } from "../backends/backend-stub.ts";
import type { Caller, ListMode } from "../auth/caller.ts";
import type { Era } from "../core/era.ts";
import type { JsonObject } from "../core/json.ts";
import type { RpcNotification, RpcRequest } from "../core/json-rpc.ts";
import type { Outcome } from "../core/outcome.ts";
import type { Slip } from "../core/slips.ts";
import type { Scope } from "../gateway/gateway.ts";
import type { KeptAsk, KeptState } from "../gateway/house-tool.ts";

/** What the Worker asks of the object that keeps what is live for one user. */
export interface CallerStub {
  /** A legacy `initialize`; gives the id of a new session. */
  openSession(caller: Caller, opening: SessionOpening): Promise<Outcome<SessionInfo>>;
  /** Undefined for ids that are unknown, over, of another credential or of another endpoint. */
  findSession(caller: Caller, scope: Scope, id: string): Promise<SessionInfo | undefined>;
  /** False when there is no such session for this caller. */
  endSession(caller: Caller, scope: Scope, id: string): Promise<boolean>;
  /** Runs a request in here: one JSON or event-stream response. */
  call(hop: CallHop): Promise<Response>;
  /** The client of a held call has left this request, before it was answered. */
  leave(requestId: string): Promise<void>;
  /** A notification or an answer of the client of a session. */
  tell(hop: TellHop): Promise<void>;
  /** From the object of a backend: see `BackendListener`. */
  heard: BackendListener["heard"];
  /** How a call stands that goes on without its client. */
  kept(ask: KeptAsk): Promise<KeptState>;
  /** The client's own GET: an event stream for what belongs to no request. */
  stream(hop: StreamHop): Promise<Response>;
  /** See `Slips`. */
  putSlip(slip: Slip): Promise<void>;
  takeSlip(name: string): Promise<string | undefined>;
  readSlips(names: readonly string[]): Promise<ReadonlyMap<string, string>>;
}

export type SessionOpening = Readonly<{
  scope: Scope;
  protocolVersion: string;
  /** As the client declared them. */
  capabilities: JsonObject;
}>;

/** What the Worker remembers of a session for a few seconds. */
export type SessionInfo = Readonly<{
  id: string;
  /** Its calls may be answered with questions: they run in the object. */
  interactive: boolean;
  /** Set by `logging/setLevel`. */
  logLevel: string | undefined;
  /** In which it began, and stays. */
  mode: ListMode | undefined;
}>;

export type CallHop = Readonly<{
  caller: Caller;
  scope: Scope;
  era: Era;
  /** Of a legacy client; none where a modern call is held. */
  session: string | undefined;
  /** A held call that the request goes on with. */
  held: string | undefined;
  request: RpcRequest;
  /** Those of MCP; names in lower case. */
  headers: Readonly<Record<string, string>>;
  /** Those that the backend is passed, where there is such a backend. */
  passed: Headers | undefined;
  acceptsStream: boolean;
  requestId: string;
  /** The call goes on without its client when it takes longer. */
  detachAfterMs: number | undefined;
}>;

export type TellHop = Readonly<{
  caller: Caller;
  scope: Scope;
  session: string;
  message: ClientMessage;
}>;

/** What a client sends that is not a request. */
export type ClientMessage =
  | Readonly<{ kind: "notification"; notification: RpcNotification }>
  | Readonly<{ kind: "response"; response: JsonObject }>;

export type StreamHop = Readonly<{
  caller: Caller;
  scope: Scope;
  /** Undefined for a client that keeps no session: it hears of changed lists all the same. */
  session: string | undefined;
  lastEventId: string | undefined;
}>;
