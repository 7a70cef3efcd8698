import { GatewayError } from "../core/errors.ts";
import { ALL, type VisibleTool } from "../gateway/gateway.ts";
import { HOUSE } from "../gateway/house-tool.ts";
import { callTool } from "./call-tool.ts";
import { missingTool, requireBackend, unknownPath } from "./find-backend.ts";
import type { RestExchange } from "./rest-exchange.ts";
import { answerPage } from "./rest-pages.ts";
import type { RestPage, RestPlace, ToolPlace } from "./rest-path.ts";
import { RestRefusal } from "./rest-refusal.ts";

/** Calls, reads, or says why not: a wrong method is told from a path that is not there. */
export async function answerMethod(exchange: RestExchange, place: RestPlace): Promise<Response> {
  const { page, tool: toolPlace } = place;
  const { method } = exchange.request;
  if (method === "POST" && toolPlace !== undefined) {
    const tool = await findTool(exchange, toolPlace);
    if (tool !== undefined) return callTool(exchange, tool);
  }
  const { requestId } = exchange.context;
  if (page !== undefined && methodsOf(page).includes(method)) {
    const response = await answerPage(exchange, page);
    response.headers.set("x-request-id", requestId);
    // What one key reads is for nobody else, whatever stands between: by default some keep a GET.
    if (!response.headers.has("cache-control")) response.headers.set("cache-control", "no-store");
    return response;
  }
  const allowed = await findMethods(exchange, place);
  if (allowed.length === 0) throw await missing(exchange, place);
  // mcpo names the methods that do something.
  const allow = (exchange.compat ? allowed : [...allowed, "OPTIONS"]).join(", ");
  if (method === "OPTIONS")
    return new Response(null, { status: 204, headers: { allow, "x-request-id": requestId } });
  throw new RestRefusal(
    "method_not_allowed",
    `Cannot ${method.slice(0, 20)} ${exchange.path.slice(0, 200)}: allowed is ${allow}`,
    { headers: { allow } },
  );
}

function methodsOf(page: RestPage): readonly string[] {
  const isPrompt = page.kind === "prompts" && page.name !== undefined;
  return isPrompt ? ["GET", "HEAD", "POST"] : ["GET", "HEAD"];
}

/** Empty where there is nothing that the caller may know of. */
async function findMethods(
  exchange: RestExchange,
  { page, tool }: RestPlace,
): Promise<readonly string[]> {
  const methods = new Set<string>();
  if (page !== undefined) {
    if (page.backend !== undefined) await requireBackend(exchange, page.backend);
    for (const method of methodsOf(page)) methods.add(method);
  }
  if (tool !== undefined && (await findTool(exchange, tool)) !== undefined) methods.add("POST");
  return [...methods];
}

async function missing(exchange: RestExchange, { tool }: RestPlace): Promise<GatewayError> {
  return tool === undefined ? unknownPath(exchange) : missingTool(exchange, tool);
}

async function findTool(
  { gateway, caller, context }: RestExchange,
  { home, name }: ToolPlace,
): Promise<VisibleTool | undefined> {
  if (home === HOUSE) {
    // Under its own name, which it may have had to yield among those of the backends.
    const tools = await gateway.tools(caller, ALL, context);
    return tools.find(({ backend, ownName }) => backend === HOUSE && ownName === name);
  }
  const scope = { kind: "one", backend: home } as const;
  try {
    const tool = await gateway.tool(caller, scope, name, context);
    return tool?.backend === HOUSE ? undefined : tool;
  } catch (error) {
    // A backend that the caller does not see has no tools.
    if (error instanceof GatewayError && error.code === "not_found") return undefined;
    throw error;
  }
}
