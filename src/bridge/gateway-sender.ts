import type { IncomingMessage } from "node:http";
import { URL, urlToHttpOptions } from "node:url";
import { oneLine } from "../shell/terminal.ts";

/** A connection that never comes about is given up; a slow one takes a second or two. */
const CONNECT_MS = 15_000;
/**
 * The gateway says something every two seconds where it streams, but answers a batch of old clients
 * in one piece: what is silent for longer is gone.
 */
const SILENCE_MS = 120_000;
/** For as long an idle connection is kept for the next call: less than what is between us keeps it. */
const IDLE_MS = 30_000;

export type GatewayRequest = Readonly<{
  method: "POST" | "GET" | "DELETE";
  headers: Readonly<Record<string, string>>;
  body?: string;
  signal: AbortSignal;
}>;

export type GatewaySender = Readonly<{
  /** Resolves with the head of the answer; throws `NotDelivered`, or what broke later. */
  send: (request: GatewayRequest) => Promise<IncomingMessage>;
  close: () => void;
}>;

/** Nothing of the request has reached the gateway, so it may be sent again. */
export class NotDelivered extends Error {
  override readonly name = "NotDelivered";
}

/** Node's own HTTP client: it is there at once, and costs half of what `fetch` does per call. */
export function createGatewaySender(endpoint: Readonly<{ href: string }>): GatewaySender {
  const address = urlToHttpOptions(new URL(endpoint.href));
  const isSecure = address.protocol === "https:";
  // An import would read every export, and one of them loads a second HTTP client: 20 ms.
  const { Agent, request } = process.getBuiltinModule(isSecure ? "node:https" : "node:http");
  const agent = new Agent({
    keepAlive: true,
    timeout: IDLE_MS,
    ...(process.env["NODE_USE_ENV_PROXY"] === "1" ? { proxyEnv: process.env } : {}),
  });

  function send({ method, headers, body, signal }: GatewayRequest): Promise<IncomingMessage> {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const length = body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) };
    const sent = request({
      ...address,
      method,
      agent,
      headers: { ...headers, ...length },
    });
    const giveUp = (): void => void sent.destroy(new Error("it was given up"));
    signal.addEventListener("abort", giveUp, { once: true });
    sent.once("close", () => signal.removeEventListener("abort", giveUp));
    if (signal.aborted) giveUp();
    sent.setTimeout(SILENCE_MS, () => {
      sent.destroy(new Error(`nothing was heard for ${SILENCE_MS / 1_000} s`));
    });
    let isBefore = false;
    sent.once("socket", (socket) => {
      if (!socket.connecting) return;
      isBefore = true;
      const late = setTimeout(() => {
        sent.destroy(new Error(`no connection within ${CONNECT_MS / 1_000} s`));
      }, CONNECT_MS);
      const settle = (): void => clearTimeout(late);
      socket.once("close", settle).once(isSecure ? "secureConnect" : "connect", () => {
        isBefore = false;
        settle();
      });
    });
    sent.once("response", resolve);
    sent.on("error", (error) => {
      reject(
        isBefore || neverLeft(error) ? new NotDelivered(reasonOf(error), { cause: error }) : error,
      );
    });
    sent.end(body);
    return promise;
  }
  return { send, close: () => agent.destroy() };
}

/** What only happens before there is a connection, also where a proxy makes it for us. */
const BEFORE_CONNECTION: ReadonlySet<unknown> = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EHOSTDOWN",
  "ENETDOWN",
]);

function neverLeft(error: Error): boolean {
  const isOfConnect = "syscall" in error && error.syscall === "connect";
  return isOfConnect || BEFORE_CONNECTION.has(codeOf(error));
}

function codeOf(error: Error): unknown {
  return "code" in error ? error.code : undefined;
}

/** For people: a name that leads to several addresses fails with as many reasons. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  switch (codeOf(error)) {
    case "ECONNREFUSED":
      return "nothing listens there";
    case "ENOTFOUND":
      return "there is no such host";
    case "EAI_AGAIN":
      return "its name could not be looked up";
    case "ECONNRESET":
    case "EPIPE":
      return "the connection broke";
    case "EPROTO":
      return "it does not speak TLS there, is its address http?";
    default:
      return error.message === "" ? error.name : oneLine(error.message);
  }
}
