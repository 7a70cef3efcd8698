import { withDeadline } from "../core/deadline.ts";
import type { JsonObject } from "../core/json.ts";
import type { After } from "../core/patience.ts";
import type { Ear, Hear } from "./ear.ts";
import type { Lease } from "./lease.ts";
import { type ListeningStream, openListeningStream, type StreamEnd } from "./listening-stream.ts";
import { type Fetch, followWithinOrigin, isRedirect, requireAllowedTarget } from "./outbound.ts";
import { isEventStream } from "./read-answer.ts";
import { SubscribedResources } from "./subscribed-resources.ts";

/** Some servers send no headers before the first event: the stream then counts as open. */
const OPEN_WAIT_MS = 1_500;
/** A response has no answer: long enough to be delivered. */
const REPLY_TIMEOUT_MS = 5_000;
const NEVER = new Promise<never>(() => {});

export type LegacyEarIo = Readonly<{
  /** Of Streamable HTTP; over HTTP+SSE everything comes on the connection itself. */
  stream: ListeningStream | undefined;
  /** Undefined where the backend does not tell of single resources. */
  request: ((method: string, params: JsonObject) => Promise<unknown>) | undefined;
  after: After;
  waitUntil: (work: Promise<unknown>) => void;
}>;

export function createLegacyEar({ stream, request, after, waitUntil }: LegacyEarIo): Ear {
  const resources = request === undefined ? undefined : new SubscribedResources(request);
  return {
    ended: stream?.ended ?? NEVER,
    async follow(uris) {
      if (stream !== undefined) await openedSoon(stream, after);
      await resources?.follow(uris);
    },
    close(isLeft) {
      stream?.close();
      // The session may go on for calls, or be gone.
      if (isLeft && resources !== undefined) waitUntil(resources.follow([]).catch(() => {}));
    },
  };
}

export function openedSoon(stream: ListeningStream, after: After): Promise<void> {
  return new Promise((resolve) => {
    const callOff = after(OPEN_WAIT_MS, resolve);
    void stream.opened.then(() => {
      callOff();
      resolve();
    });
  });
}

/** The GET stream of a session (2025-11-25, basic/transports, listening for messages). */
export function openGetStream(
  lease: Lease,
  io: Readonly<{ fetch: Fetch; hear: Hear; lastEventId?: string | undefined }>,
): ListeningStream {
  const blame = { action: "listen", backend: lease.backend };
  const { "content-type": _, ...rest } = lease.headers;
  const headers: Record<string, string> = { ...rest, accept: "text/event-stream" };
  if (io.lastEventId !== undefined) headers["last-event-id"] = io.lastEventId;
  const reply = (response: JsonObject): Promise<void> => postReply(lease, response, io.fetch);
  return openListeningStream(
    async (signal) => {
      requireAllowedTarget(lease, blame);
      const init: RequestInit = { headers, redirect: "manual", signal };
      const first = await io.fetch(lease.url, init);
      if (!isRedirect(first.status)) return first;
      const redo = (url: string): Promise<Response> => io.fetch(url, init);
      return followWithinOrigin(first, redo, { url: lease.url, blame });
    },
    {
      judge: (response) => judge(response, lease.sessionId !== undefined),
      onMessage: (message) => io.hear(message, reply),
    },
  );
}

function judge(response: Response, hasSession: boolean): StreamEnd["why"] | undefined {
  const { status } = response;
  if (response.ok) return isEventStream(response) ? undefined : "none";
  if (status === 401) return "unauthorized";
  // Another stream of the session may still count as open (409).
  if (status === 409 || status === 429 || (status >= 500 && status !== 501)) return "broken";
  // Servers without a GET route answer 404 as well; some say 400 to a session they forgot.
  return hasSession && (status === 404 || status === 400) ? "doubtful" : "none";
}

async function postReply(lease: Lease, response: JsonObject, fetch: Fetch): Promise<void> {
  await withDeadline(REPLY_TIMEOUT_MS, async (signal) => {
    const posted = await fetch(lease.url, {
      method: "POST",
      headers: lease.headers,
      body: JSON.stringify(response),
      redirect: "manual",
      signal,
    });
    await posted.body?.cancel();
  });
}
