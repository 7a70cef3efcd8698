import type { IncomingMessage } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { Backoff } from "../shell/backoff.ts";
import {
  NotDelivered,
  reasonOf,
  type GatewayRequest,
  type GatewaySender,
} from "./gateway-sender.ts";
import { NoAnswer, STDIO_CODES } from "./stdio-errors.ts";
import type { StdioLog } from "./stdio-log.ts";

/** A gateway that restarts is there again within a second or two. */
const RETRY_TIMES = { firstMs: 500, maxMs: 8_000 };
const TOO_MANY_REQUESTS = 429;
/** What a gateway asks us to wait is believed up to here: somebody waits for the answer. */
const MAX_WAIT_MS = 30_000;

/** Of everything that is posted (Streamable HTTP, "sending messages to the server"). */
export const MESSAGE_HEADERS = {
  "content-type": "application/json",
  accept: "application/json, text/event-stream",
} as const;
/** Of a stream that is opened or taken up again. */
export const STREAM_HEADERS = { accept: "text/event-stream" } as const;

/** What shows the gateway who is asking. */
export type Credentials = Readonly<{
  /** The value of `Authorization`, undefined for none. Waits for a login that is under way. */
  current: (signal: AbortSignal) => Promise<string | undefined>;
  /** It was refused: resolves once there is another one, throws `NoAnswer` when there is none. */
  renew: (
    refused: string | undefined,
    why: Readonly<{ signal: AbortSignal; challenge: string | undefined }>,
  ) => Promise<void>;
}>;

export type DoorRequest = GatewayRequest &
  Readonly<{
    /** Whether the gateway may be at work on it from now on. */
    onUnderWay?: (isUnderWay: boolean) => void;
  }>;

export type GatewayDoor = Readonly<{
  /** Throws `NoAnswer` for what is not let in. Other failures are of the connection. */
  send: (request: DoorRequest) => Promise<IncomingMessage>;
}>;

export type DoorOptions = Readonly<{
  sender: GatewaySender;
  credentials: Credentials;
  /** Sent with everything. */
  headers: Readonly<Record<string, string>>;
  maxRetries: number;
  log: StdioLog;
}>;

/**
 * The way into the gateway: with a credential, which is renewed once when it is refused, and again
 * as long as nothing was delivered. What may have run is never sent twice.
 */
export function createGatewayDoor(options: DoorOptions): GatewayDoor {
  const { sender, credentials, log } = options;

  async function deliver(request: DoorRequest, authorization: string | undefined) {
    const { onUnderWay, headers, ...rest } = request;
    const backoff = new Backoff(RETRY_TIMES);
    for (let tries = 0; ; tries += 1) {
      let waitMs: number;
      try {
        onUnderWay?.(true);
        const response = await sender.send({
          ...rest,
          headers: {
            ...options.headers,
            ...headers,
            ...(authorization === undefined ? {} : { authorization }),
          },
        });
        if (response.statusCode !== TOO_MANY_REQUESTS || tries >= options.maxRetries) {
          return response;
        }
        response.resume();
        waitMs = Math.max(backoff.next(), askedWaitMs(response));
        log.debug(`the gateway has too many requests, tried again in ${waitMs} ms`);
      } catch (error) {
        if (!(error instanceof NotDelivered) || tries >= options.maxRetries) throw error;
        waitMs = backoff.next();
        log.debug(`the gateway is not reached: ${reasonOf(error)}, tried again in ${waitMs} ms`);
      }
      onUnderWay?.(false);
      await pause(waitMs, undefined, { signal: request.signal });
    }
  }

  return {
    async send(request) {
      const first = await credentials.current(request.signal);
      const response = await deliver(request, first);
      if (response.statusCode !== 401) return response;
      response.resume();
      request.onUnderWay?.(false);
      const challenge = response.headers["www-authenticate"];
      await credentials.renew(first, { signal: request.signal, challenge });
      const second = await deliver(request, await credentials.current(request.signal));
      if (second.statusCode !== 401) return second;
      second.resume();
      throw new NoAnswer(STDIO_CODES.credential, "Cannot ask the gateway: it refuses the login");
    },
  };
}

/** One key, for better or worse. */
export function keyCredentials(key: string): Credentials {
  return {
    current: () => Promise.resolve(`Bearer ${key}`),
    renew: () =>
      Promise.reject(
        new NoAnswer(
          STDIO_CODES.credential,
          "Cannot ask the gateway: it refuses the key, see GATEWAY_API_KEY or --key",
        ),
      ),
  };
}

function askedWaitMs({ headers }: IncomingMessage): number {
  const seconds = Number(headers["retry-after"] ?? 0);
  return Number.isFinite(seconds) ? Math.min(seconds * 1_000, MAX_WAIT_MS) : 0;
}
