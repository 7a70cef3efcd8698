import type { JsonObject } from "../../src/core/json.ts";
import {
  encodeFrame,
  type ControlFrame,
  type Hello,
  type Refusal,
} from "../../src/tunnel/tunnel-frame.ts";
import { type Incoming, TunnelReader, TunnelWriter } from "../../src/tunnel/tunnel-messages.ts";
import {
  MAX_TO_CONNECTOR,
  MAX_TO_GATEWAY,
  TUNNEL_PROTOCOL,
} from "../../src/tunnel/tunnel-protocol.ts";
import { LOCAL_COMMAND_KEY, send } from "./worker.ts";

/** The other end of a tunnel, as a test writes it: a WebSocket of its own and no process. */
export type Dialled = Readonly<{
  instance: string;
  hello: (change?: Partial<Hello>) => void;
  up: (run?: string) => void;
  /** Any frame, and anything that is none. */
  say: (frame: ControlFrame | string | ArrayBuffer) => void;
  /** A message of the local server, in as many pieces as it needs. */
  tell: (message: JsonObject) => void;
  /** The next frame of this kind, kept until it is asked for. */
  next: <Kind extends Incoming["kind"]>(kind: Kind) => Promise<Extract<Incoming, { kind: Kind }>>;
  closed: Promise<Readonly<{ code: number; refusal: Refusal | undefined }>>;
  hangUp: (code?: number) => void;
}>;

export type DialOptions = Readonly<{
  key?: string;
  headers?: Record<string, string>;
  instance?: string;
  /** Who is asked for the connection; the whole Worker unless told. */
  ask?: () => Promise<Response>;
}>;

const WAIT_MS = 10_000;

export function askToConnect(backend: string, options: DialOptions = {}): Promise<Response> {
  return send(`/connect/${backend}`, {
    headers: {
      upgrade: "websocket",
      authorization: `Bearer ${options.key ?? LOCAL_COMMAND_KEY}`,
      "sec-websocket-protocol": TUNNEL_PROTOCOL,
      ...options.headers,
    },
  });
}

export async function dial(backend: string, options: DialOptions = {}): Promise<Dialled> {
  const response = await (options.ask?.() ?? askToConnect(backend, options));
  const socket = response.webSocket;
  if (socket === null) throw new Error(`not let in: ${response.status} ${await response.text()}`);
  const instance = options.instance ?? crypto.randomUUID();
  const reader = new TunnelReader(MAX_TO_CONNECTOR);
  const writer = new TunnelWriter(MAX_TO_GATEWAY);
  const kept: Incoming[] = [];
  const waiting = new Set<() => void>();
  let refusal: Refusal | undefined;
  const { promise: closed, resolve } = Promise.withResolvers<Awaited<Dialled["closed"]>>();
  socket.addEventListener("message", ({ data }) => {
    const frame = reader.read(data);
    if (frame.kind === "refusal") refusal = frame.refusal;
    kept.push(frame);
    for (const look of waiting) look();
  });
  socket.addEventListener("close", ({ code }) => resolve({ code, refusal }));
  socket.accept();
  const say: Dialled["say"] = (frame) =>
    socket.send(
      typeof frame === "string" || frame instanceof ArrayBuffer ? frame : encodeFrame(frame),
    );
  return {
    instance,
    closed,
    say,
    hello: (change = {}) =>
      say({ kind: "hello", hello: { backend, instance, sequence: 0, ...change } }),
    up: (run = crypto.randomUUID()) => say({ kind: "state", state: { state: "up", run } }),
    tell: (message) => {
      const frames = writer.frames(JSON.stringify(message));
      if (frames === undefined) throw new Error("the message is too long for the gateway");
      // As a connector does: what nobody can be told is dropped.
      for (const frame of frames) if (socket.readyState === WebSocket.OPEN) socket.send(frame);
    },
    next: (kind) =>
      new Promise((found, fail) => {
        const late = setTimeout(() => fail(new Error(`no frame "${kind}" came`)), WAIT_MS);
        const look = (): void => {
          const at = kept.findIndex((frame) => frame.kind === kind);
          if (at === -1) return;
          clearTimeout(late);
          waiting.delete(look);
          const [frame] = kept.splice(at, 1);
          // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- found by its kind
          found(frame as never);
        };
        waiting.add(look);
        look();
      }),
    hangUp: (code = 1000) => socket.close(code),
  };
}
