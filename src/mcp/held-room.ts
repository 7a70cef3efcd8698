import type { DispatchDeps } from "./call.ts";
import type { DetachedCalls } from "./detached-calls.ts";
import type { HeldCalls } from "./held-calls.ts";
import type { OwnConnections } from "./own-connections.ts";

/** What of a caller's object a held call lives in. */
export type HeldRoom = Readonly<{
  deps: DispatchDeps;
  calls: HeldCalls;
  detached: DetachedCalls;
  own: OwnConnections;
  waitUntil: (work: Promise<unknown>) => void;
}>;
