import type { Era } from "../core/era.ts";

/**
 * How a backend is, as its object knows it. Pushed to the RegistryObject whenever it changes, and
 * so part of every snapshot.
 */
export type BackendReport = Readonly<{
  state: BackendState;
  /** The config revision this report is about; reports of older revisions are dropped. */
  configVersion: number;
  listingHash: string | undefined;
  era: Era | undefined;
  protocolVersion: string | undefined;
  /** Whether the backend issues session ids, so that sessions are kept per user. */
  sessionful: boolean;
  counts: Readonly<{
    tools: number;
    prompts: number;
    resources: number;
    resourceTemplates: number;
  }>;
  warnings: readonly string[];
  /** Bounded, without secrets. */
  lastError: string | undefined;
  /** Epoch ms of the last answer of any kind. */
  lastSeen: number | undefined;
  /** Milliseconds the last handshake or listing round trip took. */
  latencyMs: number | undefined;
}>;

/**
 * `connecting`: not yet tried to the end. `ready`: listed. `down`: could not be reached, is tried
 * again with backoff. `offline`: needs the connector, which is not there.
 */
export type BackendState = "connecting" | "ready" | "down" | "offline";
