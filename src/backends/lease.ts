import { GatewayError } from "../core/errors.ts";
import type { BackendName } from "../core/ids.ts";
import type { Era } from "../core/era.ts";

/**
 * What a Worker needs to speak to a backend by itself: handed out by the backend's object, kept in
 * the isolate for `LEASE_LIFE_MS`, thrown away on 401, 404 and on a new config.
 */
export type Lease = Readonly<{
  backend: BackendName;
  /** Changes whenever the connection does; an answer to an older one is not believed. */
  revision: number;
  /**
   * `direct`: the Worker fetches `url` itself. `object`: the message goes through the object.
   * `builtin`: answered in the Worker, no hop at all.
   */
  lane: "direct" | "object" | "builtin";
  era: Era;
  protocolVersion: string;
  url: string;
  /** Complete request headers, `${NAME}` resolved, session id and protocol version included. */
  headers: Readonly<Record<string, string>>;
  /** Set when the backend issues session ids: request ids must then be unique over all callers. */
  sessionId: string | undefined;
  /** Origins of private networks this backend may be reached at (from the local config file). */
  privateOrigins: readonly string[];
  timeoutMs: number;
  /** Epoch ms. */
  expires: number;
}>;

/** A few seconds: long enough for a burst of calls, short enough to notice a moved backend. */
export const LEASE_LIFE_MS = 5_000;

/**
 * The backend no longer knows our session (HTTP 404) or refuses our credential (401): the request
 * was not run, so it may be sent once more under a fresh lease, whatever the tool does.
 */
export class LeaseLost extends Error {
  override readonly name = "LeaseLost";
  readonly reason: "session" | "unauthorized";
  /** Refused by a backend that says where one signs in (RFC 9728). */
  readonly wantsLogin: boolean;

  constructor(reason: "session" | "unauthorized", { wantsLogin = false } = {}) {
    super(`lease lost: ${reason}`);
    this.reason = reason;
    this.wantsLogin = wantsLogin;
  }
}

/** The backend knows us, and wants a token that is good for more (RFC 6750, `insufficient_scope`). */
export class ScopeNeeded extends GatewayError {
  readonly scope: string;

  constructor(message: string, scope: string) {
    super("backend_unauthorized", message);
    this.scope = scope;
  }
}
