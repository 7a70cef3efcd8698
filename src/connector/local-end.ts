import type { ServerState } from "../tunnel/tunnel-frame.ts";
import type { Peeked } from "./rpc-peek.ts";

/** What a local server tells of itself while it is looked after. */
export type LocalNews =
  | Readonly<{ kind: "started" }>
  | Readonly<{ kind: "ended"; reason: string; againInMs: number }>
  /** It prints what is no message, where only messages belong. */
  | Readonly<{ kind: "noise"; line: string }>
  | Readonly<{ kind: "said"; line: string }>;

/** How a local server speaks with the bridge that carries its messages. */
export type LocalHooks = Readonly<{
  /** One whole JSON-RPC message (or a batch). */
  onMessage: (text: string, peeked: readonly Peeked[]) => void;
  /** An answer that is too long to be carried. */
  onTooLong: (head: string, tail: string) => void;
  onState: (state: ServerState) => void;
  /** It takes no more for the moment; `onReady` when it does again. */
  onFull: () => void;
  onReady: () => void;
  tell: (news: LocalNews) => void;
}>;

/** A server of this machine or its network, kept running. */
export type LocalEnd = Readonly<{
  state: () => ServerState;
  send: (text: string) => void;
  /** Whoever takes its messages needs a moment. */
  pause: () => void;
  resume: () => void;
  /** It does not let itself be initialized again. */
  restart: () => void;
  stop: () => Promise<void>;
}>;
