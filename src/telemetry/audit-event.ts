import * as z from "zod";

/** `tool_error`: the tool answered with isError. `rpc_error`: the backend answered with an error. */
const auditOutcome = z.enum(["ok", "tool_error", "rpc_error", "cancelled", "failed"]);

/** One call, as it is kept: who, what, when, how it ended. Never arguments, never results. */
export const auditEvent = z.object({
  /** Epoch ms. */
  at: z.number(),
  requestId: z.string(),
  credentialId: z.string(),
  userId: z.string(),
  method: z.string(),
  backend: z.string(),
  /** Own name of the tool or prompt, or the resource's scheme. */
  target: z.string(),
  outcome: auditOutcome,
  ms: z.number(),
});

export type AuditEvent = Readonly<z.infer<typeof auditEvent>>;
export type AuditOutcome = z.infer<typeof auditOutcome>;
