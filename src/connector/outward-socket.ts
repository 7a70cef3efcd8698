import type { IncomingMessage } from "node:http";
import { WebSocket } from "ws";
import { encodeFrame, type Hello, type Refusal, type ServerState } from "../tunnel/tunnel-frame.ts";
import { TunnelReader, TunnelWriter } from "../tunnel/tunnel-messages.ts";
import {
  CLOSE_CODES,
  MAX_FRAME,
  MAX_TO_CONNECTOR,
  PING,
  PING_EVERY_MS,
  SILENCE_MS,
  TUNNEL_PROTOCOL,
} from "../tunnel/tunnel-protocol.ts";

/** Why a connection is over. */
export type LineEnd =
  /** The line broke, or the gateway is not there. */
  | Readonly<{ kind: "lost"; reason: string; retryAfterMs?: number }>
  /** The gateway answered, and does not want us. */
  | Readonly<{ kind: "refused"; reason: string; status: number; retryAfterMs?: number }>
  | Readonly<{ kind: "replaced" }>
  /** The local server has to be started afresh before the next dial. */
  | Readonly<{ kind: "restart" }>;

export type SocketHooks = Readonly<{
  /** The gateway has welcomed us: messages may go. */
  onOpen: () => void;
  onMessage: (text: string) => void;
  /** Too much waits to be sent; `onDrained` when it is gone. */
  onFull: () => void;
  onDrained: () => void;
  /** Once, and the last that is heard. */
  onEnd: (end: LineEnd) => void;
}>;

export type Dial = Readonly<{
  /** Of `/connect/{backend}`. */
  url: URL;
  headers: Readonly<Record<string, string>>;
  hello: Hello;
}>;

export type OutwardSocket = Readonly<{
  sendState: (state: ServerState) => void;
  /** Whether it could be carried: undefined messages and those that are too long cannot. */
  send: (text: string) => boolean;
  pause: () => void;
  resume: () => void;
  close: () => void;
}>;

const HANDSHAKE_MS = 15_000;
/** The gateway may have to wake its object first. */
const WELCOME_MS = 20_000;
/** How often the clock is looked at. */
const LOOK_MS = 5_000;
/** A slow line holds so many bytes here before the server is asked to wait. */
const FULL_BYTES = 4 * 1_024 * 1_024;
const DRAINED_BYTES = 512 * 1_024;
/** A frame counts UTF-16 units, which are up to three bytes each; and a head. */
const MAX_PAYLOAD = 3 * MAX_FRAME + 1_024;
const UTF8 = new TextDecoder();
/** One sentence of a refusal. */
const MAX_REFUSAL = 2_000;

/** One connection, from the dial to its end. */
export function openOutwardSocket(
  { url, headers, hello }: Dial,
  hooks: SocketHooks,
): OutwardSocket {
  const socket = new WebSocket(url.href, [TUNNEL_PROTOCOL], {
    headers,
    handshakeTimeout: HANDSHAKE_MS,
    maxPayload: MAX_PAYLOAD,
    perMessageDeflate: false, // costs memory and gives a listener lengths to guess from
    followRedirects: false, // the key goes nowhere else
  });
  const reader = new TunnelReader(MAX_TO_CONNECTOR);
  let writer: TunnelWriter | undefined;
  let refusal: Refusal | undefined;
  let ended = false;
  let isFull = false;
  let isPaused = false;
  let heardAt = performance.now();
  let pingedAt = heardAt;

  function end(reason: LineEnd): void {
    if (ended) return;
    ended = true;
    clearTimeout(welcomeTimer);
    clearInterval(pinging);
    socket.terminate();
    hooks.onEnd(reason);
  }

  const welcomeTimer = setTimeout(() => {
    end({ kind: "lost", reason: "the gateway did not answer in time" });
  }, HANDSHAKE_MS + WELCOME_MS);
  const pinging = setInterval(() => {
    if (writer === undefined) return;
    const now = performance.now();
    // While we do not read, nothing can be heard.
    if (now - heardAt > SILENCE_MS - LOOK_MS && !isPaused) {
      end({ kind: "lost", reason: "the line went dead" });
    } else if (now - pingedAt >= PING_EVERY_MS) {
      pingedAt = now;
      write(PING);
    }
  }, LOOK_MS);

  function write(frame: string): void {
    if (socket.readyState !== WebSocket.OPEN) return;
    socket.send(frame, () => {
      if (!isFull || socket.bufferedAmount > DRAINED_BYTES) return;
      isFull = false;
      hooks.onDrained();
    });
    if (isFull || socket.bufferedAmount <= FULL_BYTES) return;
    isFull = true;
    hooks.onFull();
  }

  function read(data: unknown): void {
    if (ended) return;
    heardAt = performance.now();
    const frame = reader.read(data);
    switch (frame.kind) {
      case "message":
        hooks.onMessage(frame.text);
        return;
      case "welcome":
        if (writer !== undefined) return;
        writer = new TunnelWriter(frame.welcome.maxMessage, frame.welcome.maxFrame);
        clearTimeout(welcomeTimer);
        hooks.onOpen();
        return;
      case "refusal":
        refusal = frame.refusal;
        return;
      case "ping":
      case "pong":
      case "partial":
        return;
      case "hello":
      case "state":
        fault("a frame of ours came back");
        return;
      case "flaw":
        fault(frame.reason);
        return;
      default:
        frame satisfies never;
    }
  }

  function fault(reason: string): void {
    socket.close(CLOSE_CODES.protocol, reason);
    end({ kind: "lost", reason: `the gateway broke the protocol: ${reason}` });
  }

  socket.on("open", () => write(encodeFrame({ kind: "hello", hello })));
  socket.on("message", (data, isBinary) => {
    read(!isBinary && data instanceof Uint8Array ? UTF8.decode(data) : data);
  });
  socket.on("unexpected-response", (_request, response) => {
    void readRefusal(response).then(end);
  });
  socket.on("error", (error) => end({ kind: "lost", reason: describeError(error) }));
  socket.on("close", (code) => end(closeReason(code, refusal)));

  return {
    sendState: (state) => {
      if (writer !== undefined) write(encodeFrame({ kind: "state", state }));
    },
    send: (text) => {
      const frames = writer?.frames(text);
      for (const frame of frames ?? []) write(frame);
      return frames !== undefined;
    },
    pause: () => {
      isPaused = true;
      socket.pause();
    },
    resume: () => {
      isPaused = false;
      heardAt = performance.now();
      socket.resume();
    },
    close: () => {
      ended = true;
      clearTimeout(welcomeTimer);
      clearInterval(pinging);
      socket.close(1000);
      // A gateway that does not answer the goodbye must not hold us.
      setTimeout(() => socket.terminate(), 500).unref();
    },
  };
}

function closeReason(code: number, refusal: Refusal | undefined): LineEnd {
  if (code === CLOSE_CODES.replaced) return { kind: "replaced" };
  if (code === CLOSE_CODES.restart) return { kind: "restart" };
  const reason = refusal?.message ?? `the connection was closed (${code})`;
  const status = STATUS_OF.get(code);
  const retry = refusal?.retry;
  const after = retry === undefined || retry === null ? {} : { retryAfterMs: retry * 1_000 };
  return status === undefined
    ? { kind: "lost", reason, ...after }
    : { kind: "refused", reason, status, ...after };
}

/** A connection that was open is refused in the words of a dial that is. */
const STATUS_OF: ReadonlyMap<number, number> = new Map([
  [CLOSE_CODES.revoked, 401],
  [CLOSE_CODES.unknown, 404],
]);

/** An HTTP answer instead of an upgrade: a proxy, another service, or the gateway that says no. */
async function readRefusal(response: IncomingMessage): Promise<LineEnd> {
  const status = response.statusCode ?? 0;
  let text = "";
  try {
    for await (const chunk of response.setEncoding("utf8")) {
      text += String(chunk);
      if (text.length > MAX_REFUSAL) break;
    }
  } catch {
    // cut off: the status says enough
  }
  const reason = sentenceIn(text) ?? `HTTP ${status}`;
  if (status >= 500 || status === 429 || status < 400) return { kind: "lost", reason };
  return { kind: "refused", reason, status };
}

/** The gateway answers in JSON with a message; a proxy with a page nobody wants to read. */
function sentenceIn(text: string): string | undefined {
  return /"message"\s*:\s*("(?:[^"\\]|\\.){1,500}")/
    .exec(text)
    ?.slice(1)
    .map((found) => String(JSON.parse(found)))[0];
}

function describeError(error: Error): string {
  const code = "code" in error ? error.code : undefined;
  switch (code) {
    case "ECONNREFUSED":
      return "nothing listens there";
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return "there is no such host";
    case "ECONNRESET":
      return "the connection was cut";
    default:
      return error.message;
  }
}
