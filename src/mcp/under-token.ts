import { isJsonObject } from "../core/json.ts";
import type { RpcNotification, RpcRequest } from "../core/json-rpc.ts";

/**
 * Progress of a call under the token of the request that waits for it: each retry of a modern client
 * is a request with a token of its own, and progress names one that is active (MCP 2026-07-28,
 * basic/utilities/progress). Undefined where that request wants none.
 */
export function underToken(
  notification: RpcNotification,
  { params }: Pick<RpcRequest, "params">,
): RpcNotification | undefined {
  if (notification.method !== "notifications/progress") return notification;
  const meta = params?.["_meta"];
  const progressToken = isJsonObject(meta) ? meta["progressToken"] : undefined;
  if (progressToken === undefined) return undefined;
  return { ...notification, params: { ...notification.params, progressToken } };
}
