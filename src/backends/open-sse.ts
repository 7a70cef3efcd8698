import { withDeadline } from "../core/deadline.ts";
import { GatewayError } from "../core/errors.ts";
import type { JsonObject } from "../core/json.ts";
import { CredentialRefused } from "./credential-refused.ts";
import { LeaseLost } from "./lease.ts";
import { backendFailure, statusFailure } from "./backend-failure.ts";
import { type ConnectTarget, requestHeaders } from "./connection.ts";
import { STEP_TIMEOUT_MS } from "./open-http.ts";
import { type Blame, type Fetch, requireAllowedTarget } from "../core/outbound.ts";
import { PendingReplies, USER_HEADER } from "./pending-replies.ts";
import { isEventStream, parseObject } from "./read-answer.ts";
import { readMessages } from "./read-messages.ts";

/**
 * A live HTTP+SSE connection (2024-11-05). Its `fetch` speaks like a Streamable HTTP backend: one
 * message in, one JSON or event-stream response out. Our own rather than the SDK's transport,
 * which parses messages into its schemas (big integers and unknown members are lost) and whose
 * EventSource reconnects by itself to a session nobody has initialised.
 */
export type SseConnection = Readonly<{
  fetch: Fetch;
  isOpen: () => boolean;
  close: () => void;
}>;

/** Takes a message that belongs to no call; `reply` answers it, and never rejects. */
export type OnStray = (message: JsonObject, reply: (response: JsonObject) => Promise<void>) => void;

/** An answer that cannot be delivered in this time is not waited for at the other end either. */
const REPLY_TIMEOUT_MS = 5_000;

export async function openSse(
  target: ConnectTarget,
  io: Readonly<{
    fetch: Fetch;
    /** Whether one user alone speaks on this connection. */
    isOneUsers: boolean;
    onClose: () => void;
    onMessage: OnStray;
  }>,
): Promise<SseConnection> {
  const blame: Blame = { action: "connect", backend: target.backend };
  const url = requireAllowedTarget(target, blame);
  const stream = new AbortController();
  const pending = new PendingReplies(io.isOneUsers);
  let state: "opening" | "open" | "closed" = "opening";
  const close = (): void => {
    const wasOpen = state === "open";
    state = "closed";
    stream.abort();
    pending.endAll();
    if (wasOpen) io.onClose();
  };
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    stream.abort();
  }, STEP_TIMEOUT_MS);
  try {
    const response = await io.fetch(target.url, {
      headers: streamHeaders(target),
      redirect: "manual",
      signal: stream.signal,
    });
    if (!response.ok || !isEventStream(response)) throw await notAStream(response, blame);
    let endpoint = url;
    endpoint = await new Promise<URL>((resolve, reject) => {
      readMessages(response, {
        onEvent: (name, path) => {
          if (name !== "endpoint") return;
          const found = URL.parse(path, target.url);
          // The credential goes where messages go: never to an address the stream names elsewhere.
          if (found?.origin === url.origin) resolve(found);
          else {
            const reason = "named a message endpoint on another origin";
            reject(backendFailure(blame, "backend_failed", reason));
          }
        },
        onMessage: (text, message) => {
          if (pending.deliver(text, message)) return;
          io.onMessage(message, (answer) =>
            sendBack(target, endpoint, { message: answer, fetch: io.fetch }),
          );
        },
      })
        .finally(() => {
          reject(backendFailure(blame, "backend_failed", "ended its event stream"));
          close();
        })
        .catch(() => {}); // a broken stream is a closed one
    });
    state = "open";
    return { fetch: exchange(endpoint, pending, io.fetch), isOpen: () => state === "open", close };
  } catch (error) {
    close();
    if (error instanceof GatewayError && !timedOut) throw error;
    throw timedOut
      ? backendFailure(
          blame,
          "backend_timeout",
          `sent no endpoint within ${STEP_TIMEOUT_MS / 1_000} s`,
        )
      : backendFailure(blame, "backend_unavailable", "could not be reached", { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

function streamHeaders(target: ConnectTarget): Record<string, string> {
  const { "content-type": _, ...headers } = requestHeaders(target, undefined, undefined);
  return { ...headers, accept: "text/event-stream" };
}

async function notAStream(response: Response, blame: Blame): Promise<GatewayError> {
  await response.body?.cancel().catch(() => {}); // a page, most likely: of no use
  if (response.ok)
    return backendFailure(blame, "backend_failed", "answered without an event stream");
  const failure = statusFailure(blame, response, { body: "", hasSession: false });
  return failure instanceof LeaseLost ? new CredentialRefused(blame, failure.wantsLogin) : failure;
}

async function sendBack(
  target: ConnectTarget,
  endpoint: URL,
  { message, fetch }: Readonly<{ message: JsonObject; fetch: Fetch }>,
): Promise<void> {
  const init: RequestInit = {
    method: "POST",
    headers: requestHeaders(target, undefined, undefined),
    body: JSON.stringify(message),
    redirect: "manual",
  };
  await withDeadline(REPLY_TIMEOUT_MS, async (signal) => {
    const taken = await fetch(endpoint.href, { ...init, signal });
    await taken.body?.cancel();
  }).catch(() => {}); // the backend asks again, or is gone
}

/** Posts to the endpoint; a request waits on the stream for what comes back to it. */
function exchange(endpoint: URL, pending: PendingReplies, fetch: Fetch): Fetch {
  return async (_url, init) => {
    const message = typeof init.body === "string" ? parseObject(init.body) : undefined;
    const headers = new Headers(init.headers);
    const userId = headers.get(USER_HEADER) ?? undefined;
    headers.delete(USER_HEADER);
    const reply = pending.expect(message ?? {}, { signal: init.signal ?? undefined, userId });
    try {
      const posted = await fetch(endpoint.href, { ...init, headers, redirect: "manual" });
      if (!posted.ok || reply === undefined) return posted;
      await posted.body?.cancel().catch(() => {}); // "Accepted": the answer comes on the stream
      return await reply.response;
    } finally {
      reply?.release();
    }
  };
}
