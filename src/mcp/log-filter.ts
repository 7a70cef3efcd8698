import { isJsonObject, type JsonObject } from "../core/json.ts";
import type { RpcNotification } from "../core/json-rpc.ts";
import type { Call } from "./call.ts";
import { META } from "../core/protocol-versions.ts";

/** RFC 5424 section 6.2.1, least severe first, as MCP names them (server/utilities/logging). */
const LEVELS: readonly string[] = [
  "debug",
  "info",
  "notice",
  "warning",
  "error",
  "critical",
  "alert",
  "emergency",
];

export function isLogLevel(level: unknown): level is string {
  return typeof level === "string" && LEVELS.includes(level);
}

/** Whether a message reaches a client that asked for `level` and above; undefined: for all. */
export function passesLevel({ method, params }: JsonObject, level: string | undefined): boolean {
  if (method !== "notifications/message" || level === undefined) return true;
  const own = isJsonObject(params) ? params["level"] : undefined;
  return LEVELS.indexOf(typeof own === "string" ? own : "") >= LEVELS.indexOf(level);
}

/** MCP 2026-07-28, logging: no log messages unless this request asked for a level. */
export function createLogFilter(
  { era, request }: Pick<Call, "era" | "request">,
  notify: (notification: RpcNotification) => void,
): (notification: RpcNotification) => void {
  if (era === "legacy") return notify;
  const meta = request.params?.["_meta"];
  const level = isJsonObject(meta) ? meta[META.logLevel] : undefined;
  const wanted = isLogLevel(level) ? level : undefined;
  return (notification) => {
    if (notification.method === "notifications/message" && level === undefined) return;
    if (passesLevel(notification, wanted)) notify(notification);
  };
}
