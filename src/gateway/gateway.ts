import type { Caller } from "../auth/caller.ts";
import type { BackendOrder } from "../config/backend-order.ts";
import type { BackendReport } from "../config/backend-report.ts";
import type { ListPage } from "../catalog/list-pages.ts";
import type { ListedTool } from "../catalog/listing.ts";
import type { CallSignal } from "../core/call-signal.ts";
import type { Limits } from "../config/limits-config.ts";
import type { LimitUse } from "./limit-stub.ts";
import type { Era } from "../core/era.ts";
import type { BackendName, ExposedName } from "../core/ids.ts";
import type { JsonObject } from "../core/json.ts";
import type { After } from "../core/patience.ts";
import type { Ask, Question } from "../core/question.ts";
import type { Answer, RequestId, RpcNotification } from "../core/json-rpc.ts";
import type { CalledBy } from "../telemetry/audit-event.ts";

/** Which part of the catalog a request speaks to: `/mcp` or `/mcp/{backend}`. */
export type Scope = Readonly<{ kind: "all" }> | Readonly<{ kind: "one"; backend: BackendName }>;

export const ALL: Scope = { kind: "all" };

/** What the runtime gives with each request. Passed on, never kept. */
export type CallContext = Readonly<{
  /** Aborts when the caller gives up. */
  signal: CallSignal;
  /** Every wait of this request: see `core/patience.ts`. */
  after: After;
  waitUntil: (work: Promise<unknown>) => void;
  /** This call is all its request does; see `alone` in `backends/send.ts`. */
  alone?: boolean;
  /** Ours, as the caller came to it: links lead there where the gateway has no public address. */
  origin?: string;
  /** For one line of the log and the `x-request-id` of an answer. */
  requestId: string;
  /** The dialect it came in, for the audit; MCP without. */
  surface?: CalledBy;
  /** Of the caller's request, for backends that some of them are passed on to. */
  headers?: Headers;
}>;

/** The context of a request whose surface listens to the platform's own signal, with its headers. */
export type RequestContext = CallContext & Readonly<{ signal: AbortSignal; headers: Headers }>;

/** One tool as a caller sees it. */
export type VisibleTool = Readonly<{
  /** Under the names of `scope`: exposed name for all, own name for one. */
  name: string;
  exposedName: ExposedName;
  /** The gateway itself has tools too: see `house-tool.ts`. */
  backend: BackendName | "gateway";
  ownName: string;
  tool: ListedTool;
}>;

/** The methods a backend answers, passed through with names and params translated. */
export type ForwardedMethod =
  | "tools/call"
  | "prompts/get"
  | "resources/read"
  | "completion/complete"
  | TaskMethod;

/** Of a task that a backend made: the caller names the backend, in `ForwardedRequest.backend`. */
export type TaskMethod = "tasks/get" | "tasks/update" | "tasks/cancel";

export type LocatedRequest = Pick<ForwardedRequest, "method" | "scope" | "params" | "backend">;

export type ForwardedRequest = Readonly<{
  method: ForwardedMethod;
  scope: Scope;
  /** The id the answer carries. */
  id: RequestId;
  /** As the caller sent them, in the names of `scope`. */
  params: JsonObject;
  /** For methods whose params do not say it. */
  backend?: BackendName;
  /** A person has allowed just this call, or its surface asks them in a way of its own. */
  approved?: boolean;
  /** Called for each notification of this request (progress, log) before the answer comes. */
  notify?: (notification: RpcNotification) => void;
  /** The client behind the request, where a backend may ask it something. */
  client?: ClientPort;
}>;

/** What a backend may know of the client behind a call, and how it asks it. */
export type ClientPort = Readonly<{
  /** As the client declared them, without what the gateway does not pass on. */
  capabilities: JsonObject;
  /**
   * Names the client's own connection to a legacy backend, which is told the capabilities at
   * `initialize`; undefined where nothing legacy is to be asked through.
   */
  connection: string | undefined;
  /** Undefined where questions go back in the result, as a modern backend puts them. */
  ask: Ask | undefined;
  /** The backend has closed the stream of its answer, which is to be fetched again. */
  onStreamClosed?: () => void;
  /** The backend asked what the client has not declared, and was refused. */
  onUndeclared?: (question: Question) => void;
}>;

/** What is known of the backend a request goes to, before it goes there. */
export type Whereabouts = Readonly<{
  /** The gateway itself where a tool of its own needs no backend. */
  backend: BackendName | "gateway";
  era: Era | undefined;
  sessionful: boolean;
  /** Undefined for the gateway's own tools. */
  order: BackendOrder | undefined;
  /** Of the caller's accounts there, where they have several. */
  account?: string | undefined;
  /** A call of this backend that takes longer than this goes on without its client. */
  detachAfterMs?: number | undefined;
}>;

/** As it comes to a backend, be it through a tool of the gateway's own. */
export type CallToApprove = Readonly<{ tool: VisibleTool; arguments: JsonObject }>;

/** One bound of a caller. */
export type LimitStanding = Readonly<{
  /** `user`, `key` or `client`: whose calls are counted. */
  of: string;
  limits: Limits;
  /** Undefined while it cannot be asked for. */
  use: LimitUse | undefined;
}>;

/** A backend of the config as `/status` shows it. */
export type BackendStatus = BackendReport &
  Readonly<{
    name: BackendName;
    transport: string;
    address: string | undefined;
    /** Whose a session at the backend is. */
    session: "per-user" | "shared";
    /** Everybody logs in: what is said of its state is about the connection of who asks. */
    credentials?: "per-user";
  }>;

/** Digests of what a caller sees: equal while its lists are, and the backends behind them as well. */
export type Fingerprint = Readonly<{
  /** Of the snapshot that all of this is from; -1 while a listing could not be read. */
  change: number;
  tools: string;
  prompts: string;
  /** With the templates. */
  resources: string;
}>;

/** A backend that can tell of changes, as its object is told of it. */
export type LiveBackend = Readonly<{
  order: BackendOrder;
  sessionful: boolean;
  /** Of the caller's accounts there, where they have several. */
  account?: string | undefined;
}>;

export type ResourceOwner = LiveBackend &
  Readonly<{
    /** As the backend itself calls the resource. */
    uri: string;
  }>;

/** What can be listed; each list is serialised once per visible set. */
export type ListKind = "tools" | "prompts" | "resources" | "resourceTemplates";

export type ServerDescription = Readonly<{
  serverInfo: JsonObject;
  capabilities: JsonObject;
  instructions: string | undefined;
}>;

/**
 * The only thing surfaces call. What the caller may not see does not exist: `not_found`, in the
 * same words as for what was never there.
 */
export interface Gateway {
  /** Sorted by exposed name. Answers from what is known; never waits for a backend that hangs. */
  tools(caller: Caller, scope: Scope, context: CallContext): Promise<readonly VisibleTool[]>;
  /** One of them by its name in `scope`; undefined for what the caller does not see. */
  tool(
    caller: Caller,
    scope: Scope,
    name: string,
    context: CallContext,
  ): Promise<VisibleTool | undefined>;
  /** The JSON text of the array of all entries, e.g. of `tools`. */
  listText(caller: Caller, scope: Scope, kind: ListKind, context: CallContext): Promise<string>;
  /**
   * The same in pages, as the list methods answer it. Throws `invalid_params` for a cursor of
   * another list, or of this one before it changed.
   */
  listPage(
    caller: Caller,
    scope: Scope,
    list: Readonly<{ kind: ListKind; cursor: string | undefined }>,
    context: CallContext,
  ): Promise<ListPage>;
  /**
   * The input schema of a tool that marks parameters with `x-mcp-header`; undefined for all others
   * and for tools the caller does not see.
   */
  markedSchema(
    caller: Caller,
    scope: Scope,
    tool: string,
    context: CallContext,
  ): Promise<JsonObject | undefined>;
  /** For `initialize` and `server/discover`. Throws `not_found` for a backend that is not there. */
  describe(caller: Caller, scope: Scope, context: CallContext): Promise<ServerDescription>;
  /**
   * Throws GatewayError for what happened on our side (not_found, backend_unavailable,
   * backend_timeout, backend_failed, approval_needed, cancelled); a JSON-RPC error of the backend is an Answer.
   */
  forward(caller: Caller, request: ForwardedRequest, context: CallContext): Promise<Answer>;
  /**
   * The call that a person has to allow first, which surfaces that can ask do before `forward`;
   * undefined for everything else, and for what is not there.
   */
  toApprove(
    caller: Caller,
    request: LocatedRequest,
    context: CallContext,
  ): Promise<CallToApprove | undefined>;
  /**
   * Where `forward` would send it; nothing is awaited where the isolate knows. Throws `not_found` and
   * `invalid_params`, as `forward` does.
   */
  locate(
    caller: Caller,
    request: LocatedRequest,
    context: CallContext,
  ): Whereabouts | Promise<Whereabouts>;
  /** Changes when the lists the caller sees do, or one of their backends goes down or comes back. */
  fingerprint(caller: Caller, scope: Scope, context: CallContext): Promise<Fingerprint>;
  /** The backends behind what the caller sees that say when their lists change. */
  announcers(caller: Caller, scope: Scope, context: CallContext): Promise<readonly LiveBackend[]>;
  /**
   * Whose resource it is; undefined where its backend does not tell of changes. Throws `not_found`
   * in the same words as reading it.
   */
  resourceOwner(
    caller: Caller,
    scope: Scope,
    uri: string,
    context: CallContext,
  ): Promise<ResourceOwner | undefined>;
  /** Tells a backend on a client's own connection. Throws GatewayError as `forward` does. */
  notify(
    caller: Caller,
    to: Readonly<{
      order: BackendOrder;
      client: Readonly<{ key: string; capabilities: JsonObject }>;
    }>,
    notification: RpcNotification,
  ): Promise<void>;
  /** The bounds of what the caller may ask, and how much of them is used. */
  limits(caller: Caller): Promise<readonly LimitStanding[]>;
  /** The backends the caller may know of. */
  status(caller: Caller, context: CallContext): Promise<readonly BackendStatus[]>;
}
