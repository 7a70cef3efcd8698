import { GatewayError } from "../core/errors.ts";
import { isJsonObject, type JsonObject } from "../core/json.ts";
import type { After } from "../core/patience.ts";
import { type Lease, LeaseLost } from "./lease.ts";
import type { ListenRequest } from "./listen-request.ts";
import {
  type Fetch,
  followWithinOrigin,
  isRedirect,
  requireAllowedTarget,
} from "../core/outbound.ts";
import { isEventStream } from "./read-answer.ts";
import { readMessages } from "./read-messages.ts";

/**
 * Servers send something every few seconds to keep a stream open; one that is silent for longer may
 * be broken without our knowing, and asking again costs it nothing.
 */
const MAX_SILENCE_MS = 5 * 60_000;

export type StreamEnd =
  /** The backend has no such stream. */
  | Readonly<{ kind: "refused" }>
  /** The session it belonged to is over. */
  | Readonly<{ kind: "lost" }>
  /** It ended or could not be opened now: worth trying again. */
  | Readonly<{ kind: "closed"; retryMs: number | undefined; lastEventId: string | undefined }>;

export type ListenStream = Readonly<{
  /** True when what happens from then on is heard, false when nothing will be. */
  opened: Promise<boolean>;
  ended: Promise<StreamEnd>;
  close: () => void;
}>;

export type ListenIo = Readonly<{
  fetch: Fetch;
  after: After;
  onMessage: (message: JsonObject) => void;
  /** Asks whether the session is still there; throws LeaseLost when it is not. */
  probe: () => Promise<void>;
}>;

/** Statuses that say nothing about whether there is a stream: conflict, too many, server trouble. */
function isPassing(status: number): boolean {
  return status === 408 || status === 409 || status === 429 || (status >= 500 && status !== 501);
}

export function openListenStream(lease: Lease, request: ListenRequest, io: ListenIo): ListenStream {
  const abort = new AbortController();
  const { promise: opened, resolve } = Promise.withResolvers<boolean>();
  const open = (): void => resolve(true);
  const ended = listen(lease, request, { ...io, signal: abort.signal, open });
  void ended.finally(() => resolve(false));
  return { opened, ended, close: () => abort.abort() };
}

type OpenIo = ListenIo & Readonly<{ signal: AbortSignal; open: () => void }>;

async function listen(lease: Lease, request: ListenRequest, io: OpenIo): Promise<StreamEnd> {
  let retryMs: number | undefined;
  let lastEventId: string | undefined;
  let isOpen = false;
  let isRefused = false;
  const open = (): void => {
    isOpen = true;
    io.open();
  };
  const silence = new AbortController();
  let callOff = io.after(MAX_SILENCE_MS, () => silence.abort());
  const signal = AbortSignal.any([io.signal, silence.signal]);
  try {
    const response = await ask(lease, request, { fetch: io.fetch, signal });
    if (!response.ok || !isEventStream(response)) {
      await response.body?.cancel().catch(() => {}); // the status says it all
      return await refusal(response.status, lease, io);
    }
    if (!request.isAcknowledged) open();
    await readMessages(response, {
      onMessage: (_, message) => {
        if (io.signal.aborted) return;
        // Its answer ends it: an error instead of the acknowledgement refuses it.
        if (message["method"] === undefined) isRefused = !isOpen && isJsonObject(message["error"]);
        else if (message["method"] === ACKNOWLEDGED) open();
        else io.onMessage(message);
      },
      onId: (id) => {
        lastEventId = id;
      },
      onRetry: (ms) => {
        retryMs = ms;
      },
      onBytes: () => {
        callOff();
        callOff = io.after(MAX_SILENCE_MS, () => silence.abort());
      },
    });
  } catch (error) {
    // A broken stream is a closed one; a redirect or an address that is not allowed stays so.
    if (error instanceof GatewayError) return { kind: "refused" };
  } finally {
    callOff();
  }
  return isRefused ? { kind: "refused" } : { kind: "closed", retryMs, lastEventId };
}

const ACKNOWLEDGED = "notifications/subscriptions/acknowledged";

async function ask(
  lease: Lease,
  { method, headers, body }: ListenRequest,
  { fetch, signal }: Readonly<{ fetch: Fetch; signal: AbortSignal }>,
): Promise<Response> {
  const { url, backend } = lease;
  const blame = { action: "listen", backend };
  if (lease.lane === "direct") requireAllowedTarget(lease, blame);
  const init: RequestInit = {
    method,
    headers,
    ...(body === undefined ? {} : { body }),
    redirect: "manual",
    signal,
  };
  const response = await fetch(url, init);
  if (!isRedirect(response.status)) return response;
  return followWithinOrigin(response, (next) => fetch(next, init), { url, blame });
}

/**
 * 404 means that the session is over (2025-11-25, basic/transports), but servers without a stream
 * have no route for GET either: the session is asked, because connecting anew costs its state.
 */
async function refusal(status: number, lease: Lease, io: OpenIo): Promise<StreamEnd> {
  const closed = { kind: "closed", retryMs: undefined, lastEventId: undefined } as const;
  if (isPassing(status)) return closed;
  if (lease.sessionId === undefined || (status !== 400 && status !== 404)) {
    return { kind: "refused" };
  }
  try {
    await io.probe();
    return { kind: "refused" };
  } catch (error) {
    return error instanceof LeaseLost ? { kind: "lost" } : closed;
  }
}
