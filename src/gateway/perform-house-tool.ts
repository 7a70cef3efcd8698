import type { Caller } from "../auth/caller.ts";
import type { AuditConfig } from "../config/audit-config.ts";
import { asGatewayError, type ErrorCode } from "../core/errors.ts";
import { isJsonObject, type JsonObject } from "../core/json.ts";
import type { Answer } from "../core/json-rpc.ts";
import type { AuditTrail } from "../telemetry/audit-trail.ts";
import { auditCall, type Ended, failedBy } from "./audit-call.ts";
import type { CallContext, ForwardedRequest, LocatedRequest } from "./gateway.ts";
import {
  HOUSE,
  type HouseCall,
  type HouseTool,
  type KeptAsk,
  type KeptState,
  type SeenBackend,
} from "./house-tool.ts";
import type { ToolFinder } from "./find-tools.ts";
import type { View } from "./view.ts";
import type { HeldView } from "./views.ts";

/** What the model that called can put right itself: it reads a tool result, not a protocol error. */
const SHOWN_TO_MODELS: ReadonlySet<ErrorCode> = new Set(["not_found", "invalid_params"]);

/** The house tool a request calls; undefined for everything else. */
export function findHouseTool(
  { house, tools }: Pick<View, "house" | "tools">,
  { method, params }: Pick<LocatedRequest, "method" | "params">,
): HouseTool | undefined {
  const { name } = params;
  // Most views have none, and theirs is every call.
  if (house.size === 0 || method !== "tools/call" || typeof name !== "string") return undefined;
  return tools.has(name) ? undefined : house.get(name);
}

/** Done and recorded like a call of any other tool; the bound is that of what it does inside. */
export async function performHouseTool(
  deps: Readonly<{
    audit: AuditTrail;
    kept: (caller: Caller, ask: KeptAsk) => Promise<KeptState>;
    findTools: ToolFinder;
    link: (path: string, context: CallContext) => string | undefined;
    now: () => number;
  }>,
  tool: HouseTool,
  call: Readonly<{
    caller: Caller;
    request: ForwardedRequest;
    context: CallContext;
    held: HeldView;
    config: AuditConfig;
    forward: (request: ForwardedRequest) => Promise<Answer>;
  }>,
): Promise<Answer> {
  const started = deps.now();
  const { caller, request, context, held, forward } = call;
  const { view } = held;
  const { arguments: args } = request.params;
  let ended: Ended | undefined;
  try {
    const answer = await answerOf(tool, request, {
      caller,
      request,
      context,
      args: isJsonObject(args) ? args : {},
      entries: view.entries,
      tools: view.tools,
      backends: () => seenBackends(held),
      find: (ask) => deps.findTools(ask, view),
      houseName: (plain) => houseName(view, plain),
      link: (path) => deps.link(path, context),
      accountAt: (backend) => held.personal?.states.get(backend)?.account,
      kept: (ask) => deps.kept(caller, ask),
      forward: (inner) => forward({ ...request, ...inner }),
    });
    ended = { outcome: answer.isError ? "tool_error" : "ok", answer };
    return answer;
  } catch (error) {
    ended = failedBy(error);
    throw error;
  } finally {
    auditCall(deps, {
      caller,
      request,
      context,
      backend: HOUSE,
      target: tool.definition.name,
      started,
      ended: ended ?? failedBy(undefined),
      config: call.config,
    });
  }
}

async function answerOf(
  tool: HouseTool,
  { id }: ForwardedRequest,
  call: HouseCall,
): Promise<Answer & { isError: boolean }> {
  try {
    const done = await tool.perform(call);
    return done.kind === "answer" ? { ...done.answer, isError: false } : asAnswer(id, done.result);
  } catch (error) {
    const known = asGatewayError(error);
    if (!SHOWN_TO_MODELS.has(known.code)) throw known;
    return asAnswer(id, { content: [{ type: "text", text: known.message }], isError: true });
  }
}

function seenBackends({ view, snapshot }: HeldView): readonly SeenBackend[] {
  const counts = new Map<SeenBackend["name"], number>();
  for (const { backend } of view.tools.values()) {
    counts.set(backend, (counts.get(backend) ?? 0) + 1);
  }
  return [...counts]
    .map(([name, tools]) => ({
      name,
      tools,
      state: snapshot.reports[name]?.state ?? "connecting",
    }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function houseName({ house }: View, plain: string): string {
  for (const [name, { definition }] of house) if (definition.name === plain) return name;
  return plain;
}

function asAnswer(id: ForwardedRequest["id"], result: JsonObject): Answer & { isError: boolean } {
  const message = { jsonrpc: "2.0", id, result } as const;
  return {
    text: JSON.stringify(message),
    message: () => message,
    isError: result["isError"] === true,
  };
}
