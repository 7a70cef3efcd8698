import type { Caller } from "../auth/caller.ts";
import type { Era } from "../core/era.ts";
import type { RpcNotification, RpcRequest } from "../core/json-rpc.ts";
import type { Slips } from "../core/slips.ts";
import type { CallContext, ClientPort, Gateway, Scope } from "../gateway/gateway.ts";
import type { RequestStates } from "./request-state.ts";
import type { TaskNames } from "./task-names.ts";

/** One request on its way, whichever door it came through. */
export type Call = Readonly<{
  caller: Caller;
  scope: Scope;
  era: Era;
  request: RpcRequest;
  headers: Headers;
  notify: ((notification: RpcNotification) => void) | undefined;
  /** The client, where a backend may know what it can do. */
  client: ClientPort | undefined;
  context: CallContext;
}>;

/** What answering needs besides the call. */
export type DispatchDeps = Readonly<{
  gateway: Gateway;
  states: RequestStates;
  taskNames: TaskNames;
  slips: Slips;
}>;
