import type { CallSignal } from "../core/call-signal.ts";
import { isChangeNotice } from "../core/change-notices.ts";
import { withDeadline } from "../core/deadline.ts";
import { GatewayError } from "../core/errors.ts";
import type { UserId } from "../core/ids.ts";
import { isJsonObject, type JsonObject } from "../core/json.ts";
import type { Answer, RpcNotification } from "../core/json-rpc.ts";
import { type After, afterTimeout } from "../core/patience.ts";
import { type Ask, NOBODY_TO_ASK, type Question } from "../core/question.ts";
import { redactText } from "../core/redact.ts";
import { backendFailure, isSessionRefusal, refusedWith, statusFailure } from "./backend-failure.ts";
import { callBuiltin, type BuiltinIo } from "./builtin.ts";
import { CallChanges } from "./call-changes.ts";
import { questionProblem, QUESTIONS } from "./check-question.ts";
import { type Lease, LeaseLost } from "./lease.ts";
import {
  type Blame,
  type Fetch,
  followWithinOrigin,
  isRedirect,
  requireAllowedTarget,
} from "../core/outbound.ts";
import { createQuestions, type Questions } from "./open-questions.ts";
import { overPassed } from "./passed-headers.ts";
import { USER_HEADER } from "./pending-replies.ts";
import { readReply, type Reply } from "./read-answer.ts";
import { answerFor } from "./restore-id.ts";
import { resumeStream } from "./resume-stream.ts";
import { type BackendRequest, encodeRequest, restoreToken, type WireRequest } from "./wire.ts";

export type SendIo = Pick<BuiltinIo, "llm"> &
  Readonly<{
    fetch: Fetch;
    /** The backend's object, for lane `object`. */
    object?: (lease: Lease) => Readonly<{ fetch: (request: Request) => Promise<Response> }>;
    /** Who calls: on a connection of several, a question can be put to one of them only. */
    userId?: UserId;
    /** Aborts when the caller gives up. */
    signal: CallSignal;
    /**
     * The request that makes this call ends with it, and the platform then closes what the call left
     * open: so nothing has to be abortable, which costs on every call.
     */
    alone?: boolean;
    /** For the deadline; a request's own where there is one, because timers cost. */
    after?: After;
    /** Of the caller, for the backend: they go with whatever belongs to the call. */
    passed?: Headers | undefined;
    /** Keeps a cancellation going after the caller has left. */
    waitUntil: (work: Promise<unknown>) => void;
    notify?: (notification: RpcNotification) => void;
    /** A list or a resource has changed: nothing for the one who calls; see CallChanges. */
    onChanges?: (notices: readonly JsonObject[]) => void;
    /** Puts a question of the backend to the client; absent where there is nobody to ask. */
    ask?: Ask;
    /** The backend asked what the client has not declared. */
    onUndeclared?: (question: Question) => void;
    /** A legacy backend has closed the stream of its answer, and is asked for the rest of it. */
    onStreamClosed?: () => void;
    now: () => number;
  }>;

/** A notification has no answer: long enough to be delivered, and nobody waits for it. */
const NOTIFY_TIMEOUT_MS = 5_000;
/** Where an object is addressed; it only looks at the message. */
const OBJECT_URL = "https://backend.invalid/";

/** Leases whose URL has passed the guard: the same object is used for a burst of calls. */
const guarded = new WeakSet<Lease>();

/**
 * One request to a backend, in the era of the backend, answered under the caller's id. This is the
 * hot path: one header object per lease, string bodies, one timer, no validation of what only
 * passes through. Throws GatewayError, and LeaseLost when the request was certainly not run.
 */
export async function sendRequest(
  lease: Lease,
  request: BackendRequest,
  io: SendIo,
): Promise<Answer> {
  if (lease.lane === "builtin") return callBuiltin(lease.url, request, io);
  const blame = blameOf(lease, request);
  if (io.signal.aborted) throw cancelled(blame);
  guard(lease, blame);
  const wire = encodeRequest(lease, request);
  let ended: "timeout" | "cancelled" | undefined;
  let abort: AbortController | undefined;
  const signal = (): AbortSignal => (abort ??= new AbortController()).signal;
  const { promise: outcome, resolve, reject } = Promise.withResolvers<Answer>();
  const stop = (why: "timeout" | "cancelled"): void => {
    ended ??= why;
    abort?.abort();
    reject(new Error(why));
  };
  const after = io.after ?? afterTimeout;
  const expire = (): void => stop("timeout");
  let inTime = after(lease.timeoutMs, expire);
  const questions =
    io.ask === undefined
      ? undefined
      : createQuestions(io.ask, (reply) => sendReply(lease, reply, io), {
          // The backend waits for a person: its own time begins again with the answer.
          onFirst: () => inTime(),
          onLast: () => {
            inTime = after(lease.timeoutMs, expire);
          },
        });
  let changes: CallChanges | undefined;
  const change = (notice: JsonObject): void => {
    if (io.onChanges === undefined) return;
    changes ??= new CallChanges(io.onChanges, after);
    changes.put(notice);
  };
  const onAbort = (): void => stop("cancelled");
  io.signal.addEventListener("abort", onAbort);
  try {
    exchangeMessages({ lease, request, wire, io, questions, change, signal, blame }).then(
      resolve,
      reject,
    );
    return await outcome;
  } catch (error) {
    if (ended !== undefined) {
      cancelAtBackend(lease, wire, io);
      throw ended === "cancelled" ? cancelled(blame) : timedOut(lease, blame, error);
    }
    throw error;
  } finally {
    inTime();
    // A signal also fires when a finished request is torn down: that must not cancel anything.
    io.signal.removeEventListener("abort", onAbort);
    questions?.end();
    changes?.end();
  }
}

async function exchangeMessages(exchange: Exchange): Promise<Answer> {
  const { lease, wire, io, signal, blame } = exchange;
  let reached = false;
  try {
    const abortable = io.alone === true ? {} : { signal: signal() };
    let response = await post(lease, wire, { io, ...abortable });
    reached = true;
    if (isRedirect(response.status)) {
      const redo = (url: string): Promise<Response> =>
        post({ ...lease, url }, wire, { io, ...abortable });
      response = await followWithinOrigin(response, redo, { url: lease.url, blame });
    }
    return await answer(response, exchange);
  } catch (error) {
    if (error instanceof GatewayError || error instanceof LeaseLost) throw error;
    throw reached
      ? backendFailure(blame, "backend_failed", "broke off its answer", { cause: error })
      : backendFailure(blame, "backend_unavailable", "could not be reached", { cause: error });
  }
}

/** Delivers a notification; what the backend makes of it is its own affair. */
export async function sendNotification(
  lease: Lease,
  notification: RpcNotification,
  io: Pick<SendIo, "fetch" | "object" | "passed">,
): Promise<void> {
  await deliver(lease, JSON.stringify(notification), notification.method, io);
}

async function deliver(
  lease: Lease,
  body: string,
  method: string | undefined,
  io: Pick<SendIo, "fetch" | "object" | "passed">,
): Promise<void> {
  if (lease.lane === "builtin") return;
  const blame = { action: "notify", backend: lease.backend };
  guard(lease, blame);
  const headers =
    lease.era === "modern" && method !== undefined
      ? { ...lease.headers, "Mcp-Method": method }
      : lease.headers;
  await withDeadline(NOTIFY_TIMEOUT_MS, async (signal) => {
    const response = await post(lease, { body, headers }, { io, signal });
    await response.body?.cancel().catch(() => {}); // 202 has no body worth reading
  });
}

function guard(lease: Lease, blame: Blame): void {
  if (lease.lane !== "direct" || guarded.has(lease)) return;
  requireAllowedTarget(lease, blame);
  guarded.add(lease);
}

/** Not `async` itself: most calls need nothing after the fetch. */
function post(
  lease: Lease,
  { body, headers }: Pick<WireRequest, "body" | "headers">,
  {
    io,
    signal,
  }: { io: Pick<SendIo, "fetch" | "object" | "passed" | "userId">; signal?: AbortSignal },
): Promise<Response> {
  const init: RequestInit = {
    method: "POST",
    headers: overPassed(io.passed, headers),
    body,
    redirect: "manual",
  };
  if (signal !== undefined) init.signal = signal;
  return fetchUnder(lease, io)(lease.url, init);
}

/** How messages under a lease travel. */
export function fetchUnder(
  lease: Lease,
  { fetch, object, userId }: Pick<SendIo, "fetch" | "object" | "userId">,
): Fetch {
  if (lease.lane === "direct") return fetch;
  if (object === undefined) throw new TypeError("lane object needs io.object");
  return (_url, init) => {
    const request = new Request(OBJECT_URL, init);
    if (userId !== undefined) request.headers.set(USER_HEADER, userId);
    return object(lease).fetch(request);
  };
}

type Exchange = Readonly<{
  lease: Lease;
  request: BackendRequest;
  wire: WireRequest;
  io: SendIo;
  questions: Questions | undefined;
  change: (notice: JsonObject) => void;
  /** Made when first asked for. */
  signal: () => AbortSignal;
  blame: Blame;
}>;

async function answer(response: Response, exchange: Exchange): Promise<Answer> {
  const { lease, request, wire, io, blame } = exchange;
  const expected = {
    wireId: wire.wireId,
    what: `the answer of backend "${lease.backend}"`,
    onMessage: (message: JsonObject) => onMessage(message, exchange),
    waitUntil: io.waitUntil,
  };
  const { status } = response;
  if (status === 401) {
    await response.body?.cancel().catch(() => {}); // nothing of it is used
    throw refusedWith(response);
  }
  if (status === 404 && lease.sessionId !== undefined) {
    await response.body?.cancel().catch(() => {}); // nothing of it is used
    throw new LeaseLost("session");
  }
  let reply: Reply = await readReply(response, expected);
  if (reply.kind === "nothing" && reply.lastEventId !== undefined && lease.era === "legacy") {
    io.onStreamClosed?.();
    reply = await resumeStream(reply, expected, {
      url: lease.url,
      headers: lease.headers,
      passed: io.passed,
      fetch: io.fetch,
      signal: exchange.signal(),
    });
  }
  if (reply.kind === "nothing") {
    if (!response.ok) {
      const hasSession = lease.sessionId !== undefined;
      throw statusFailure(blame, response, { body: reply.text, hasSession });
    }
    throw backendFailure(
      blame,
      "backend_failed",
      reply.text === "" ? "gave no answer" : "answered with something that is not MCP",
      { detail: reply.text.slice(0, 2_000) },
    );
  }
  const { received } = reply;
  const { value } = received;
  if ("error" in value && isSessionRefusal(status, value.error.message)) {
    throw new LeaseLost("session");
  }
  return answerFor(request.id, wire.wireId, received);
}

function onMessage(message: JsonObject, exchange: Exchange): void {
  const { lease, request, wire, io, questions, change } = exchange;
  const { method, params, id } = message;
  if (typeof method !== "string") return;
  if (typeof id === "string" || typeof id === "number") {
    const question = { method, params: isJsonObject(params) ? params : {} };
    if (QUESTIONS.has(method) && questionProblem(request.capabilities ?? {}, question)) {
      io.onUndeclared?.(question);
    }
    if (questions !== undefined && QUESTIONS.has(method)) {
      io.waitUntil(questions.put(id, question));
      return;
    }
    const reply =
      method === "ping"
        ? { result: {} }
        : { error: questionProblem({}, question) ?? NOBODY_TO_ASK };
    io.waitUntil(sendReply(lease, { jsonrpc: "2.0", id, ...reply }, io));
    return;
  }
  if (questions !== undefined && method === "notifications/cancelled" && isJsonObject(params)) {
    questions.withdraw(params["requestId"]);
    return;
  }
  if (isChangeNotice(method)) return change(message);
  io.notify?.(
    restoreToken(wire, {
      jsonrpc: "2.0",
      method,
      ...(isJsonObject(params) ? { params } : {}),
    }),
  );
}

/** An answer to a question of the backend; one that is lost times out there. */
export async function sendReply(
  lease: Lease,
  reply: JsonObject,
  io: Pick<SendIo, "fetch" | "object" | "passed">,
): Promise<void> {
  await deliver(lease, JSON.stringify(reply), undefined, io).catch(() => {});
}

/** Modern backends see the connection close (2026-07-28); others, and all on a pipe, have to be told. */
function cancelAtBackend(lease: Lease, wire: WireRequest, io: SendIo): void {
  if (lease.era !== "legacy" && lease.lane !== "object") return;
  const cancel: RpcNotification = {
    jsonrpc: "2.0",
    method: "notifications/cancelled",
    params: { requestId: wire.wireId, reason: "The caller gave up" },
  };
  io.waitUntil(sendNotification(lease, cancel, io).catch(() => {})); // the backend may be gone
}

function cancelled({ action }: Blame): GatewayError {
  return new GatewayError("cancelled", `Cannot ${action}: the caller gave up`);
}

function timedOut(lease: Lease, blame: Blame, cause: unknown): GatewayError {
  const seconds = Math.round(lease.timeoutMs / 100) / 10;
  return backendFailure(blame, "backend_timeout", `did not answer within ${seconds} s`, { cause });
}

/** The words are made when they are needed: every call has them ready, hardly any fails. */
function blameOf(lease: Lease, request: BackendRequest): Blame {
  return {
    get action() {
      return request.action ?? actionOf(request);
    },
    backend: lease.backend,
  };
}

/** For messages. */
export function actionOf({ method, params }: Pick<BackendRequest, "method" | "params">): string {
  switch (method) {
    case "tools/call":
      return `call tool ${quoted(params?.["name"])}`;
    case "prompts/get":
      return `get prompt ${quoted(params?.["name"])}`;
    case "tasks/get":
    case "tasks/update":
    case "tasks/cancel":
      return "reach a task";
    case "resources/read":
      return `read resource ${quoted(params?.["uri"])}`;
    default:
      return `answer ${method}`;
  }
}

function quoted(name: unknown): string {
  return typeof name === "string" ? `"${redactText(name, 128)}"` : "without a name";
}
