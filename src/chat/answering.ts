import type { ChatSink } from "./chat-event.ts";

/** An answer that is known to come: what could be refused has been, and nothing has been said yet. */
export type Answering = Readonly<{
  /** Tells the answer to the end. Throws GatewayError; what was told before stays told. */
  run: (sink: ChatSink) => Promise<void>;
  /** False once a tool may have run: SDKs repeat what failed by themselves. */
  mayBeRepeated: () => boolean;
}>;
