/** One call, as it is kept: who, what, when, how it ended. Never arguments, never results. */
export type AuditEvent = Readonly<{
  /** Epoch ms. */
  at: number;
  requestId: string;
  credentialId: string;
  userId: string;
  method: string;
  backend: string;
  /** Own name of the tool or prompt, or the resource's scheme. */
  target: string;
  outcome: AuditOutcome;
  ms: number;
}>;

/** `tool_error`: the tool answered with isError. `rpc_error`: the backend answered with an error. */
export type AuditOutcome = "ok" | "tool_error" | "rpc_error" | "cancelled" | "failed";
