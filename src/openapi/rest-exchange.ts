import type { Authenticator } from "../auth/authenticate.ts";
import type { Caller } from "../auth/caller.ts";
import type { OpenapiConfig } from "../config/openapi-config.ts";
import type { SnapshotSource } from "../config/snapshot.ts";
import type { CallContext, Gateway } from "../gateway/gateway.ts";

export type OpenapiNeeds = Readonly<{
  gateway: Gateway;
  snapshots: Pick<SnapshotSource, "current" | "peek">;
  authenticator: Authenticator;
  /** Which of our own origins a request came to; undefined when its Host is not ours. */
  ownOrigin: (request: Request) => string | undefined;
  /** Ours among the gateways a request has gone through. */
  hopId: () => Promise<string>;
}>;

/** One request with all that answering it takes. */
export type RestExchange = Readonly<{
  gateway: Gateway;
  request: Request;
  /** As it came, still encoded. */
  path: string;
  /** Undefined where there is none: most calls have none, and reading one costs. */
  query: URLSearchParams | undefined;
  caller: Caller;
  context: CallContext;
  config: OpenapiConfig;
  /** Answers exactly as mcpo gives them. */
  compat: boolean;
}>;
