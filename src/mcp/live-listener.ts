import type { Caller } from "../auth/caller.ts";
import type { JsonObject } from "../core/json.ts";
import type { Scope } from "../gateway/gateway.ts";

/** The lists of which a client can hear that they have changed. */
export const CHANGING_LISTS = ["tools", "prompts", "resources"] as const;
export type ChangingList = (typeof CHANGING_LISTS)[number];

/** One client that listens: a legacy session with a stream open, or one modern subscription. */
export type LiveListener = Readonly<{
  /** Whose subscriptions to resources it hears; streams of one session have one key. */
  key: string;
  caller: Caller;
  scope: Scope;
  lists: ReadonlySet<ChangingList>;
  /** Takes one JSON-RPC notification; must not throw. */
  deliver: (notification: JsonObject) => void;
}>;
