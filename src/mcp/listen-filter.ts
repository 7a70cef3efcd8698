import * as z from "zod";
import { GatewayError } from "../core/errors.ts";
import { GATEWAY_INFO } from "../core/gateway-info.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../core/json.ts";
import type { RequestId } from "../core/json-rpc.ts";
import { CHANGING_LISTS, type ChangingList } from "./live-listener.ts";
import { META } from "../core/protocol-versions.ts";

const SUBSCRIPTION_ID = "io.modelcontextprotocol/subscriptionId";

/** Longer ones are no addresses, and each is sent to a backend. */
const MAX_URI_LENGTH = 4_096;

const filterSchema = z.object({
  notifications: z.object({
    toolsListChanged: z.boolean().optional(),
    promptsListChanged: z.boolean().optional(),
    resourcesListChanged: z.boolean().optional(),
    resourceSubscriptions: z.array(z.string().max(MAX_URI_LENGTH)).optional(),
  }),
});

/** What a modern client wants to hear of. */
export type ListenFilter = Readonly<{
  lists: ReadonlySet<ChangingList>;
  uris: readonly string[];
}>;

/** MCP 2026-07-28, subscriptions/listen. Throws `invalid_params`; unknown members mean nothing to us. */
export function parseListenFilter(params: JsonObject | undefined): ListenFilter {
  const parsed = filterSchema.safeParse(params);
  if (!parsed.success) {
    const where = parsed.error.issues[0]?.path.join(".") ?? "";
    throw new GatewayError(
      "invalid_params",
      `Cannot listen: params.${where === "" ? "notifications" : where} is missing or not what it should be`,
    );
  }
  const { notifications } = parsed.data;
  return {
    lists: new Set(CHANGING_LISTS.filter((list) => notifications[`${list}ListChanged`] === true)),
    uris: [...new Set(notifications.resourceSubscriptions ?? [])],
  };
}

/** The first message of the stream: what of the filter is kept. */
export function acknowledgement({ lists, uris }: ListenFilter, id: RequestId): JsonObject {
  const kept = {
    ...Object.fromEntries([...lists].map((list) => [`${list}ListChanged`, true])),
    ...(uris.length > 0 ? { resourceSubscriptions: uris } : {}),
  };
  return withSubscription(
    {
      jsonrpc: "2.0",
      method: "notifications/subscriptions/acknowledged",
      params: { notifications: kept },
    },
    id,
  );
}

/** The same notification, saying which subscription it belongs to. */
export function withSubscription(notification: JsonObject, id: RequestId): JsonObject {
  const params = asObject(notification["params"]);
  return {
    ...notification,
    params: { ...params, _meta: { ...asObject(params["_meta"]), [SUBSCRIPTION_ID]: id } },
  };
}

/** The answer to `subscriptions/listen`: nothing more will come. */
export function listenResult(id: RequestId): JsonObject {
  const meta = { [SUBSCRIPTION_ID]: id, [META.serverInfo]: GATEWAY_INFO };
  return { jsonrpc: "2.0", id, result: { resultType: "complete", _meta: meta } };
}

function asObject(value: JsonValue | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}
