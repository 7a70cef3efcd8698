import { waitUntil } from "cloudflare:workers";
import { isRouted } from "./config/route-words.ts";
import { gatewayHopId } from "./core/hop.ts";
import type { BackendName } from "./core/ids.ts";
import { ALL, type Scope } from "./gateway/gateway.ts";
import { createMcpEndpoint } from "./mcp/mcp-endpoint.ts";
import { createOpenapiEndpoint } from "./openapi/openapi-endpoint.ts";
import { createIdentity } from "./compose/create-identity.ts";
import type { Middle } from "./compose/create-middle.ts";
import { createRoutes } from "./compose/create-routes.ts";
import type { Env } from "./compose/environment.ts";
import { contextOf } from "./compose/request-context.ts";

export type App = (request: Request, execution: ExecutionContext) => Promise<Response>;

/** `/mcp`, `/mcp/{backend}` and `/mcp/{backend}:{account}`, with or without a slash at the end. */
const MCP_PATH = /^\/mcp(?:\/([a-z][a-z0-9-]{0,30})(?::([a-z][a-z0-9-]{0,30}))?)?\/?$/;

/** Where a request goes. Once per isolate: what lives here is caches and pure wiring. */
export function createApp(env: Env, middle: Middle): App {
  const { snapshots, gateway, slips, states, taskNames, trace } = middle;
  const now = Date.now;
  const hopId = () => gatewayHopId(env.ENCRYPTION_KEY);
  const identity = createIdentity(env, middle, waitUntil);
  const { authenticator, ownOrigin } = identity;
  const mcp = createMcpEndpoint({
    gateway,
    states,
    taskNames,
    slips,
    callers: (userId) => env.CALLERS.getByName(userId),
    now,
    authenticator,
    ownOrigin,
    hopId,
    trace,
    allowedOrigins: (context) => snapshots.peek(context)?.config.allowedOrigins ?? [],
  });
  const openapi = createOpenapiEndpoint({ gateway, snapshots, authenticator, ownOrigin, hopId });
  const routes = createRoutes(env, middle, identity, waitUntil);

  return async (request, execution) => {
    const path = pathOf(request.url);
    const match = MCP_PATH.exec(path);
    // The hot paths go past the router: it would cost a tenth of a call.
    if (match !== null) {
      const [, name, account] = match;
      return mcp(request, scopeOf(name), contextOf(request, execution), account);
    }
    if (isRouted(firstPart(path))) return routes.fetch(request, env, execution);
    return openapi(request, path, contextOf(request, execution, "rest"));
  };
}

function firstPart(path: string): string {
  const end = path.indexOf("/", 1);
  return end === -1 ? path.slice(1) : path.slice(1, end);
}

function scopeOf(name: string | undefined): Scope {
  if (name === undefined) return ALL;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- matched by MCP_PATH
  return { kind: "one", backend: name as BackendName };
}

/** The path of an absolute URL as it came, without parsing the URL: this runs for every request. */
function pathOf(url: string): string {
  const start = url.indexOf("/", url.indexOf("//") + 2);
  const end = url.indexOf("?", start);
  return end === -1 ? url.slice(start) : url.slice(start, end);
}
