import { once } from "node:events";
import { createServer } from "node:http";
import { type WebSocket, WebSocketServer } from "ws";
import { encodeFrame } from "../../src/tunnel/tunnel-frame.ts";
import { type Incoming, TunnelReader, TunnelWriter } from "../../src/tunnel/tunnel-messages.ts";
import {
  MAX_FRAME,
  MAX_TO_CONNECTOR,
  MAX_TO_GATEWAY,
  PONG,
  TUNNEL_PROTOCOL,
} from "../../src/tunnel/tunnel-protocol.ts";

const WAIT_MS = 15_000;
const UTF8 = new TextDecoder();

/** One connection of a connector, seen from the gateway. */
export type DialledIn = Readonly<{
  path: string;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  socket: WebSocket;
  /** Everything but pings, in the order it came. */
  frames: readonly Incoming[];
  /** The first frame that fits, from now or from before. */
  see: <Kind extends Incoming["kind"]>(
    kind: Kind,
    fits?: (frame: Extract<Incoming, { kind: Kind }>) => boolean,
  ) => Promise<Extract<Incoming, { kind: Kind }>>;
  /** A message, in pieces where it is long. */
  send: (message: unknown) => void;
  /** Sends a request and waits for its answer. */
  ask: (id: string | number, method: string, params?: unknown) => Promise<unknown>;
  /** Its close code. */
  closed: Promise<number>;
}>;

export type GatewayEnd = Readonly<{
  url: string;
  /** Every connection so far. */
  dialled: readonly DialledIn[];
  /** The connection of that number, counted from 0, once it is there. */
  dial: (index: number) => Promise<DialledIn>;
  /** An HTTP answer instead of the upgrade, from now on; undefined: none. */
  refuse: (answer: { status: number; body: string } | undefined) => void;
  stop: () => Promise<void>;
}>;

type Waiting = () => void;

/** The gateway's side of the wire alone, so that a test says every frame itself. */
export async function startGatewayEnd({ port = 0, isWelcoming = true } = {}): Promise<GatewayEnd> {
  const server = createServer((_request, response) => void response.writeHead(426).end());
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: 4 * MAX_FRAME,
    handleProtocols: () => TUNNEL_PROTOCOL,
  });
  const dialled: DialledIn[] = [];
  const waiting = new Set<Waiting>();
  let refusal: { status: number; body: string } | undefined;
  const wake = (): void => {
    for (const look of waiting) look();
  };

  server.on("upgrade", (request, stream, head) => {
    if (refusal !== undefined) {
      const { status, body } = refusal;
      stream.end(
        `HTTP/1.1 ${status} No\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
      );
      return;
    }
    sockets.handleUpgrade(request, stream, head, (socket) => {
      const frames: Incoming[] = [];
      const reader = new TunnelReader(MAX_TO_GATEWAY);
      const writer = new TunnelWriter(MAX_TO_CONNECTOR);
      const connection: DialledIn = {
        path: request.url ?? "",
        headers: request.headers,
        socket,
        frames,
        see: (kind, fits = () => true) =>
          until(waiting, `a frame of kind ${kind}`, () =>
            frames.find(
              (frame): frame is Extract<Incoming, { kind: typeof kind }> =>
                frame.kind === kind && fits(frame as never),
            ),
          ),
        send: (message) => {
          for (const frame of writer.frames(JSON.stringify(message)) ?? []) socket.send(frame);
        },
        ask: async (id, method, params = {}) => {
          await connection.see("hello"); // answered with a welcome, before which nothing is heard
          connection.send({ jsonrpc: "2.0", id, method, params });
          const { text } = await connection.see("message", (frame) => isAnswerTo(frame.text, id));
          return JSON.parse(text);
        },
        closed: once(socket, "close").then(([code]) => Number(code)),
      };
      socket.on("message", (data, isBinary) => {
        const text = !isBinary && data instanceof Uint8Array ? UTF8.decode(data) : undefined;
        const frame = reader.read(text);
        if (frame.kind === "ping") {
          socket.send(PONG);
          return;
        }
        frames.push(frame);
        if (frame.kind === "hello" && isWelcoming) {
          const welcome = { maxMessage: MAX_TO_GATEWAY, maxFrame: MAX_FRAME };
          socket.send(encodeFrame({ kind: "welcome", welcome }));
        }
        wake();
      });
      dialled.push(connection);
      wake();
    });
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const taken = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${taken}`,
    dialled,
    dial: (index) => until(waiting, `connection ${index}`, () => dialled[index]),
    refuse: (answer) => {
      refusal = answer;
    },
    stop: async () => {
      for (const socket of sockets.clients) socket.terminate();
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function isAnswerTo(text: string, id: string | number): boolean {
  const message: unknown = JSON.parse(text);
  return (
    typeof message === "object" &&
    message !== null &&
    !("method" in message) &&
    "id" in message &&
    message.id === id
  );
}

function until<Value>(
  waiting: Set<Waiting>,
  what: string,
  find: () => Value | undefined,
): Promise<Value> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      waiting.delete(look);
      reject(new Error(`${what} did not come within ${WAIT_MS} ms`));
    }, WAIT_MS);
    function look(): void {
      const found = find();
      if (found === undefined) return;
      clearTimeout(timer);
      waiting.delete(look);
      resolve(found);
    }
    waiting.add(look);
    look();
  });
}
