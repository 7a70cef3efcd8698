import { isJsonObject, type JsonObject } from "../core/json.ts";
import type { Ear, Hear } from "./ear.ts";
import type { Lease } from "./lease.ts";
import { openListeningStream, type ListeningStream, type StreamEnd } from "./listening-stream.ts";
import { type Fetch, followWithinOrigin, isRedirect, requireAllowedTarget } from "./outbound.ts";
import { OWN_CAPABILITIES } from "./own-capabilities.ts";
import { isEventStream } from "./read-answer.ts";
import { envelope } from "./wire.ts";

const METHOD = "subscriptions/listen";
const ACKNOWLEDGED = "notifications/subscriptions/acknowledged";

type Subscription = ListeningStream & Readonly<{ filter: string }>;

/**
 * One `subscriptions/listen` (2026-07-28) for everything that is wanted. When that changes, the new
 * one is acknowledged before the old one is closed: what comes twice does no harm.
 */
export function createModernEar(
  lease: Lease,
  io: Readonly<{ fetch: Fetch; hear: Hear; capabilities: JsonObject }>,
): Ear {
  const ended = Promise.withResolvers<StreamEnd>();
  let current: Subscription | undefined;
  return {
    ended: ended.promise,
    async follow(uris) {
      const filter = filterOf(io.capabilities, uris);
      const text = JSON.stringify(filter);
      if (current?.filter === text) return;
      const before = current;
      const next = { ...openSubscription(lease, filter, io), filter: text };
      current = next;
      await next.opened;
      before?.close();
      void next.ended.then((end) => {
        if (current === next) ended.resolve(end);
      });
    },
    close() {
      current?.close();
    },
  };
}

/** Only what the backend says it tells of; a strict one would refuse the rest. */
function filterOf(capabilities: JsonObject, uris: readonly string[]): JsonObject {
  const lists = ["tools", "prompts", "resources"].filter((kind) => {
    const capability = capabilities[kind];
    return isJsonObject(capability) && capability["listChanged"] === true;
  });
  return {
    ...Object.fromEntries(lists.map((kind) => [`${kind}ListChanged`, true])),
    ...(uris.length > 0 ? { resourceSubscriptions: [...uris].toSorted() } : {}),
  };
}

function openSubscription(
  lease: Lease,
  filter: JsonObject,
  { fetch, hear }: Readonly<{ fetch: Fetch; hear: Hear }>,
): ListeningStream {
  const blame = { action: "listen", backend: lease.backend };
  const id = crypto.randomUUID();
  const params = { notifications: filter, _meta: envelope(lease.protocolVersion, OWN_CAPABILITIES) };
  const body = JSON.stringify({ jsonrpc: "2.0", id, method: METHOD, params });
  const headers = { ...lease.headers, "Mcp-Method": METHOD };
  const acknowledged = Promise.withResolvers<void>();
  const stream = openListeningStream(
    async (signal) => {
      requireAllowedTarget(lease, blame);
      const init: RequestInit = { method: "POST", headers, body, redirect: "manual", signal };
      const first = await fetch(lease.url, init);
      if (!isRedirect(first.status)) return first;
      const redo = (url: string): Promise<Response> => fetch(url, init);
      return followWithinOrigin(first, redo, { url: lease.url, blame });
    },
    {
      judge,
      onMessage: (message) => {
        // The response to the request itself: the backend ends the subscription.
        if (message["method"] === undefined) return stream.close();
        if (message["method"] === ACKNOWLEDGED) return acknowledged.resolve();
        // There are no requests of the backend in this era.
        if (message["id"] === undefined) hear(message, undefined);
      },
    },
  );
  const opened = Promise.race([acknowledged.promise, stream.ended.then(() => {})]);
  return { ...stream, opened };
}

function judge(response: Response): StreamEnd["why"] | undefined {
  const { status } = response;
  if (response.ok) return isEventStream(response) ? undefined : "none";
  if (status === 401) return "unauthorized";
  return status === 429 || (status >= 500 && status !== 501) ? "broken" : "none";
}
