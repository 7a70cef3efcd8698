import { isJsonObject, type JsonObject, type JsonValue } from "../core/json.ts";
import type { Lease } from "./lease.ts";
import { encodeRequest, envelope } from "./wire.ts";

/** How a stream is asked for: the GET of a legacy session, or a modern `subscriptions/listen`. */
export type ListenRequest = Readonly<{
  method: "GET" | "POST";
  headers: HeadersInit;
  body?: string;
  /** The first message says that the backend listens too (2026-07-28, `subscriptions/listen`). */
  isAcknowledged: boolean;
}>;

/** Undefined where there is nothing to open: HTTP+SSE and local servers have one way for all. */
export function listenRequest(
  lease: Lease,
  filter: JsonObject,
  lastEventId: string | undefined,
): ListenRequest | undefined {
  if (lease.era === "legacy" && lease.lane !== "direct") return undefined;
  if (lease.era === "legacy") {
    const { "content-type": _, ...headers } = lease.headers;
    return {
      method: "GET",
      headers: {
        ...headers,
        accept: "text/event-stream",
        ...(lastEventId === undefined ? {} : { "last-event-id": lastEventId }),
      },
      isAcknowledged: false,
    };
  }
  if (Object.keys(filter).length === 0) return undefined;
  const { body, headers } = encodeRequest(lease, {
    id: crypto.randomUUID(),
    method: "subscriptions/listen",
    params: { notifications: filter, _meta: envelope(lease.protocolVersion) },
  });
  return { method: "POST", headers, body, isAcknowledged: true };
}

/** Only lists that the backend says it tells of: asking for more is refused by some. */
export function listenFilter(capabilities: JsonObject, uris: readonly string[]): JsonObject {
  const filter: Record<string, JsonValue> = {};
  for (const list of ["tools", "prompts", "resources"]) {
    const offered = capabilities[list];
    if (isJsonObject(offered) && offered["listChanged"] === true) {
      filter[`${list}ListChanged`] = true;
    }
  }
  if (uris.length > 0) filter["resourceSubscriptions"] = [...uris];
  return filter;
}

export function canSubscribe({ resources }: JsonObject): boolean {
  return isJsonObject(resources) && resources["subscribe"] === true;
}
