import * as z from "zod";

/**
 * `connecting`: not yet tried to the end. `ready`: listed. `down`: could not be reached, is tried
 * again with backoff. `offline`: needs the connector, which is not there.
 */
const backendState = z.enum(["connecting", "ready", "down", "offline"]);

/**
 * How a backend is, as its object knows it. Pushed to the RegistryObject whenever it changes, and
 * so part of every snapshot.
 */
export const backendReport = z.object({
  state: backendState,
  /** The config revision this report is about; reports of older revisions are dropped. */
  configVersion: z.number(),
  listingHash: z.string().optional(),
  era: z.enum(["modern", "legacy"]).optional(),
  protocolVersion: z.string().optional(),
  /** Whether the backend issues session ids, so that sessions are kept per user. */
  sessionful: z.boolean(),
  counts: z.object({
    tools: z.number(),
    prompts: z.number(),
    resources: z.number(),
    resourceTemplates: z.number(),
  }),
  warnings: z.array(z.string()),
  /** Tools that wait for somebody's verdict, where there are any. */
  toReview: z.number().optional(),
  /** Bounded, without secrets. */
  lastError: z.string().optional(),
  /** Epoch ms of the last answer of any kind. */
  lastSeen: z.number().optional(),
  /** Milliseconds the last handshake or listing round trip took. */
  latencyMs: z.number().optional(),
  /** As it introduced itself; only while it is connected. */
  server: z.object({ name: z.string(), version: z.string().optional() }).optional(),
  /** `needed`: it wants a login that its owner has not made, or has to make again. */
  login: z.enum(["needed", "ready"]).optional(),
  /** Who brings it, where that is a connector; only while that is there. */
  connector: z
    .object({
      /** Epoch ms. */
      since: z.number(),
      /** Random, of one process: two that take turns are told apart. */
      instance: z.string(),
      version: z.string().optional(),
      command: z.string().optional(),
    })
    .optional(),
});

export type BackendReport = Readonly<z.infer<typeof backendReport>>;
export type BackendState = z.infer<typeof backendState>;
