import * as z from "zod";

/** `tool_error`: the tool answered with isError. `rpc_error`: the backend answered with an error. */
export const AUDIT_OUTCOMES = ["ok", "tool_error", "rpc_error", "cancelled", "failed"] as const;

/** The dialect a call came in. */
export const CALLED_BY = ["mcp", "rest", "openai"] as const;

/**
 * `call`: of a tool, prompt or resource. `chat`: one answer of a language model, whose calls stand
 * beside it. The others are what an owner wants to know of, one event each.
 */
export const AUDIT_KINDS = [
  "call",
  "chat",
  "config_changed",
  "key_made",
  "key_revoked",
  "person_added",
  "person_changed",
  "person_removed",
  "grant_made",
  "grant_revoked",
  "tool_approved",
  "tool_refused",
  "login_made",
  "login_ended",
  "sign_in",
  "sign_in_failed",
] as const;

/** Longer names are cut: they come from backends and clients, and a row has a bound. */
export const MAX_NAME = 200;
/** Room for what `recorded-text.ts` makes of an argument or a result. */
const MAX_RECORDED = 8_192;

/** Control characters would forge lines and colours wherever the audit is shown. */
const name = z.string().transform((text) => text.slice(0, MAX_NAME).replaceAll(/\p{Cc}+/gu, " "));
const recorded = z.string().transform((text) => text.slice(0, MAX_RECORDED));

/** What is seldom there, or never asked for: one column of the store. */
export const auditDetails = z.object({
  /** Of a chat, as its provider counts them. */
  tokens: z.object({ input: z.number(), output: z.number() }).readonly().optional(),
  /** The trace of the caller's request (W3C Trace Context). */
  trace: name.optional(),
  /** Only where the config asks for them. */
  arguments: recorded.optional(),
  result: recorded.optional(),
});

/** One event, as it is kept: who, what, when, how it ended. */
export const auditEvent = z.object({
  kind: z.enum(AUDIT_KINDS).default("call"),
  /** Epoch ms. */
  at: z.number(),
  requestId: name,
  /** Whose it is, or whom it concerns. */
  userId: name,
  credentialId: name,
  /** As it called itself. */
  client: name.optional(),
  surface: z.enum(CALLED_BY).optional(),
  /** The MCP method; empty for all but calls. */
  method: name,
  /** The provider, of a chat; empty where no backend is concerned. */
  backend: name,
  /** Own name of the tool or prompt, the resource's scheme, the model, or the id of what changed. */
  target: name,
  outcome: z.enum(AUDIT_OUTCOMES),
  /** Why it failed: our own code, or the number of a JSON-RPC error. */
  code: name.optional(),
  ms: z.number(),
  ...auditDetails.shape,
});

/** As it is handed in; the store fills in what is left out, and cuts what is too long. */
export type AuditEvent = Readonly<z.input<typeof auditEvent>>;
/** As it is read; later events have a higher id. */
export type StoredEvent = Readonly<z.infer<typeof auditEvent>> & Readonly<{ id: number }>;
export type AuditOutcome = (typeof AUDIT_OUTCOMES)[number];
export type AuditKind = (typeof AUDIT_KINDS)[number];
export type CalledBy = (typeof CALLED_BY)[number];
