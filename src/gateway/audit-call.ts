import type { Caller } from "../auth/caller.ts";
import type { AuditConfig } from "../config/audit-config.ts";
import { GatewayError } from "../core/errors.ts";
import { isJsonObject } from "../core/json.ts";
import type { Answer } from "../core/json-rpc.ts";
import type { AuditOutcome } from "../telemetry/audit-event.ts";
import type { AuditTrail } from "../telemetry/audit-trail.ts";
import { recordedText } from "../telemetry/recorded-text.ts";
import { type Trace, traceIdOf } from "../telemetry/trace-context.ts";
import type { CallContext, ForwardedRequest } from "./gateway.ts";

const CLIENT_INFO_KEY = "io.modelcontextprotocol/clientInfo";

/** How a call ended. */
export type Ended =
  | Readonly<{ outcome: AuditOutcome; answer: Answer }>
  | Readonly<{ outcome: AuditOutcome; error: unknown }>;

export type CallRecord = Readonly<{
  caller: Caller;
  request: ForwardedRequest;
  context: CallContext;
  backend: string;
  /** As the audit calls it: never an argument. */
  target: string;
  started: number;
  ended: Ended;
  config: AuditConfig;
  trace?: Trace | undefined;
}>;

/** Records a call. This runs for every one: no more than one object is made. */
export function auditCall(
  { audit, now }: Readonly<{ audit: AuditTrail; now: () => number }>,
  { caller, request, context, backend, target, started, ended, config, trace }: CallRecord,
): void {
  const { arguments: args, results } = config;
  audit.record(
    {
      at: started,
      requestId: context.requestId,
      credentialId: caller.credentialId,
      userId: caller.userId,
      client: clientOf(caller, request),
      surface: context.surface ?? "mcp",
      method: request.method,
      backend,
      target,
      outcome: ended.outcome,
      code: codeOf(ended),
      ms: now() - started,
      trace: trace === undefined ? undefined : traceIdOf(trace),
      arguments: args ? recordedText(JSON.stringify(request.params["arguments"] ?? {})) : undefined,
      result: results && "answer" in ended ? recordedText(ended.answer.text) : undefined,
    },
    context,
  );
}

export function failedBy(error: unknown): Ended {
  const isCancelled = error instanceof GatewayError && error.code === "cancelled";
  return { outcome: isCancelled ? "cancelled" : "failed", error };
}

/** As a person named it when it signed in, else as it introduces itself. */
function clientOf({ client }: Caller, { params }: ForwardedRequest): string | undefined {
  if (client !== undefined) return client.name;
  const meta = params["_meta"];
  const info = isJsonObject(meta) ? meta[CLIENT_INFO_KEY] : undefined;
  const name = isJsonObject(info) ? info["name"] : undefined;
  return typeof name === "string" ? name : undefined;
}

function codeOf(ended: Ended): string | undefined {
  if ("error" in ended) {
    return ended.error instanceof GatewayError ? ended.error.code : "internal";
  }
  if (ended.outcome !== "rpc_error") return undefined;
  const message = ended.answer.message();
  return "error" in message ? String(message.error.code) : undefined;
}
