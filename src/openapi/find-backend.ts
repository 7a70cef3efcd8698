import { GatewayError } from "../core/errors.ts";
import type { BackendName } from "../core/ids.ts";
import type { BackendStatus } from "../gateway/gateway.ts";
import { HOUSE } from "../gateway/house-tool.ts";
import type { RestExchange } from "./rest-exchange.ts";
import type { ToolPlace } from "./rest-path.ts";

type Asking = Pick<RestExchange, "gateway" | "caller" | "context" | "request" | "path">;

/** Throws `not_found` for what the caller may not know of, in the words of a path that is not there. */
export async function requireBackend(asking: Asking, backend: BackendName): Promise<BackendStatus> {
  const status = await findStatus(asking, backend);
  if (status === undefined) throw unknownPath(asking);
  return status;
}

/** The same, and `backend_offline` while nothing is known of what the backend has. */
export async function requireListed(asking: Asking, backend: BackendName): Promise<void> {
  const status = await requireBackend(asking, backend);
  if (status.listingHash !== undefined) return;
  const { gateway, caller, context } = asking;
  // The first lists under a new config wait a moment for backends that have not answered yet.
  await gateway.describe(caller, { kind: "one", backend }, context);
  const { listingHash, state } = await requireBackend(asking, backend);
  if (listingHash === undefined) throw away(`describe backend "${backend}"`, state);
}

/**
 * Why a tool that the caller does not see cannot be called: it may well be there when its backend
 * is back.
 */
export async function missingTool(
  asking: Asking,
  { home, name }: ToolPlace,
): Promise<GatewayError> {
  const action = `call tool "${name.slice(0, 120)}"`;
  if (home === HOUSE) return new GatewayError("not_found", `Cannot ${action}: there is none`);
  const status = await findStatus(asking, home);
  if (status === undefined) return unknownPath(asking);
  const { state, listingHash } = status;
  if (state === "down" || state === "offline" || listingHash === undefined) {
    return away(`${action} of "${home}"`, state);
  }
  return new GatewayError("not_found", `Cannot ${action}: backend "${home}" has no such tool`);
}

export function unknownPath({ request, path }: Pick<Asking, "request" | "path">): GatewayError {
  return new GatewayError(
    "not_found",
    `Cannot ${request.method.slice(0, 20)} ${path.slice(0, 200)}: there is no such path`,
  );
}

async function findStatus(
  { gateway, caller, context }: Asking,
  backend: BackendName,
): Promise<BackendStatus | undefined> {
  const statuses = await gateway.status(caller, context);
  return statuses.find(({ name }) => name === backend);
}

function away(action: string, state: BackendStatus["state"]): GatewayError {
  const reason = state === "connecting" ? "it has not answered yet" : "it is not connected";
  return new GatewayError("backend_offline", `Cannot ${action}: ${reason}`);
}
