import { Hono } from "hono";
import type { ConnectDoor } from "../auth/connect-door.ts";
import type { BackendStub } from "../backends/backend-stub.ts";
import { DIALLER_HEADER, UPGRADE_URL, writeOwner } from "../backends/connector-socket.ts";
import type { BackendOrder } from "../config/backend-order.ts";
import type { SnapshotSource } from "../config/snapshot.ts";
import { asGatewayError, GatewayError } from "../core/errors.ts";
import { release } from "../core/outcome.ts";
import { requireOwnOrigin } from "../http/own-origin.ts";
import { problemResponse } from "../http/problem.ts";
import { CONNECT_PATH, TUNNEL_PROTOCOL } from "../tunnel/tunnel-protocol.ts";

export type ConnectNeeds = Readonly<{
  door: ConnectDoor;
  snapshots: SnapshotSource;
  backend: (name: string) => Pick<BackendStub, "expectConnector" | "fetch">;
  /** Which of our own origins a request came to; undefined when its Host is not ours. */
  ownOrigin: (request: Request) => string | undefined;
  requestIdOf: (request: Request) => string;
}>;

/** Of a key for connectors, which no client of OAuth gets: there is nothing to discover. */
const CHALLENGE = 'Bearer realm="mcp-edge-gateway connectors"';
/** What an upgrade needs of the request; nothing else of it reaches the object. */
const PASSED_HEADERS = ["upgrade", "connection", "sec-websocket-protocol"];

/**
 * Where connectors dial in. Whatever is refused is refused before the upgrade, in plain HTTP: a
 * WebSocket that closes at once tells nobody why.
 */
export function createConnectRoutes(needs: ConnectNeeds): Hono {
  const routes = new Hono();

  routes.all(`${CONNECT_PATH}:backend`, async (c) => {
    const request = c.req.raw;
    const { executionCtx: context } = c;
    requireOwnOrigin(needs.ownOrigin, request);
    // Browsers send it and connectors do not: no page is to speak for a machine (CSWSH).
    if (request.headers.has("origin")) {
      throw new GatewayError("forbidden", "Cannot connect: browsers are not let in here");
    }
    const name = c.req.param("backend").slice(0, 100);
    const dialler = await needs.door(request, context);
    // Before it is looked up: which backends there are is not for this key to find out.
    if (!dialler.mayConnect(name)) {
      throw new GatewayError("forbidden", `Cannot connect: this key may not bring "${name}"`);
    }
    const problem = upgradeProblem(request);
    if (problem !== undefined) return problem;
    const order = await findOrder(needs, name, context);
    const backend = needs.backend(order.config.name);
    release(await backend.expectConnector(order));
    const response = await backend.fetch(
      new Request(UPGRADE_URL, { headers: toObject(request, dialler) }),
    );
    if (response.status === 101) return response;
    await response.body?.cancel();
    throw new GatewayError("rate_limited", `Cannot connect: too many bring "${name}" at once`);
  });

  routes.onError((thrown, c) => {
    const error = asGatewayError(thrown);
    const challenge = error.code === "unauthorized" ? { "www-authenticate": CHALLENGE } : {};
    return problemResponse(error, needs.requestIdOf(c.req.raw), challenge);
  });

  return routes;
}

/** RFC 9110 section 15.5.22: what is wanted stands in the answer. */
function upgradeProblem({ headers }: Request): Response | undefined {
  const protocols = headers.get("sec-websocket-protocol")?.split(",") ?? [];
  const isWebSocket = headers.get("upgrade")?.toLowerCase() === "websocket";
  if (isWebSocket && protocols.some((protocol) => protocol.trim() === TUNNEL_PROTOCOL)) {
    return undefined;
  }
  const wanted = isWebSocket ? `the WebSocket protocol "${TUNNEL_PROTOCOL}"` : "a WebSocket";
  const message = `Cannot connect: this address takes ${wanted}, which connectors of this version speak`;
  return Response.json(
    { error: { code: "upgrade_required", message } },
    { status: 426, headers: { upgrade: "websocket", connection: "upgrade" } },
  );
}

/** What is there but is not a connector's, is not there. */
async function findOrder(
  { snapshots }: ConnectNeeds,
  name: string,
  context: Readonly<{ waitUntil: (work: Promise<unknown>) => void }>,
): Promise<BackendOrder> {
  const { config, configVersion, privateOrigins } = await snapshots.current(context);
  const found = config.backends.find((backend) => backend.name === name);
  if (found?.transport.kind !== "stdio") {
    throw new GatewayError(
      "not_found",
      `Cannot connect: the gateway's config has no "${name}" for a connector`,
    );
  }
  return { config: found, configVersion, privateOrigins };
}

function toObject(
  { headers }: Request,
  { credential, expiresAt }: Awaited<ReturnType<ConnectDoor>>,
): Record<string, string> {
  const owner = writeOwner({
    ...(credential === undefined ? {} : { credential }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  });
  const passed = PASSED_HEADERS.flatMap((name) => {
    const value = headers.get(name);
    return value === null ? [] : [[name, value] as const];
  });
  return { ...Object.fromEntries(passed), [DIALLER_HEADER]: owner };
}
