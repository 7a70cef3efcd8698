import type { ChosenAccount } from "../auth/chosen-account.ts";
import type { Authenticator } from "../auth/authenticate.ts";
import type { UserId } from "../core/ids.ts";
import type { CallContext, Scope } from "../gateway/gateway.ts";
import type { CallerStub } from "./caller-stub.ts";
import type { DispatchDeps } from "./call.ts";
import type { AskedMode } from "./asked-mode.ts";
import type { RunningRequests } from "./running-requests.ts";
import type { SessionDesk } from "./session-desk.ts";
import type { FindTrace } from "../telemetry/trace-context.ts";

export type McpDeps = DispatchDeps &
  Readonly<{
    authenticator: Authenticator;
    ownOrigin: (request: Request) => string | undefined;
    /** Ours among the gateways a request has gone through. */
    hopId: () => Promise<string>;
    trace: FindTrace;
    /** Browser origins from the config; read without waiting. */
    allowedOrigins: (context: CallContext) => readonly string[];
    /** The object of a user; a stub belongs to the request that made it. */
    callers: (userId: UserId) => CallerStub;
    now: () => number;
  }>;

/** One HTTP request with everything that answering it takes. */
export type Exchange = Readonly<{
  deps: McpDeps;
  running: RunningRequests;
  sessions: SessionDesk;
  request: Request;
  scope: Scope;
  context: CallContext;
  origin: string;
  /** As the address asks for it. */
  mode: AskedMode;
  /** Of the caller's accounts at the backend, where the address names one. */
  account: string | undefined;
}>;

/** The account that the address names. */
export function accountIn({
  scope,
  account,
}: Pick<Exchange, "scope" | "account">): ChosenAccount | undefined {
  if (account === undefined || scope.kind === "all") return undefined;
  return { backend: scope.backend, name: account };
}

/** Some clients accept anything or say nothing; JSON suits everyone, a stream only who asked. */
export function acceptsStream(headers: Headers): boolean {
  return headers.get("accept")?.includes("text/event-stream") ?? false;
}
