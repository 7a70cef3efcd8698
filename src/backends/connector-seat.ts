import type { After } from "../core/patience.ts";
import { redactText } from "../core/redact.ts";
import { encodeFrame, type Hello, type ServerState } from "../tunnel/tunnel-frame.ts";
import { TunnelReader } from "../tunnel/tunnel-messages.ts";
import {
  CLOSE_CODES,
  type CloseReason,
  HELLO_WITHIN_MS,
  MAX_FRAME,
  MAX_TO_GATEWAY,
  PING,
  PONG,
  SILENCE_MS,
  TUNNEL_PROTOCOL,
} from "../tunnel/tunnel-protocol.ts";
import type { OnStray } from "./open-sse.ts";
import { ConnectorLine } from "./connector-line.ts";
import { recall, remember, type Remembered, type SocketOwner } from "./connector-socket.ts";

/** What of a Durable Object keeps sockets while it sleeps. */
export type SocketKeeper = Pick<
  DurableObjectState,
  | "acceptWebSocket"
  | "getWebSockets"
  | "getTags"
  | "setWebSocketAutoResponse"
  | "getWebSocketAutoResponseTimestamp"
>;

export type ConnectorSeatDeps = Readonly<{
  sockets: SocketKeeper;
  /** Which backend this is; undefined where none is configured that a connector brings. */
  backend: () => string | undefined;
  /** The local server is there, freshly started or again. */
  onUp: () => void;
  /** It is gone, or its connector is; whoever waited has been told. */
  onDown: () => void;
  onMessage: OnStray;
  after: After;
  now: () => number;
}>;

/** How the connector is, for those who look after it. */
export type Seated = Readonly<{
  /** Epoch ms. */
  since: number;
  instance: string;
  version?: string;
  command?: string;
}>;

/** Two starts asked for within this time would be a circle. */
const RESTART_EVERY_MS = 10 * 60_000;
/** Connections that have not introduced themselves yet: more than these are nobody's mistake. */
const MAX_WAITING = 8;
/** Seconds until a refused connector should try again; null: not before somebody has changed something. */
const RETRY: Readonly<Record<CloseReason, number | null>> = {
  replaced: null,
  protocol: 30,
  restart: 0,
  revoked: null,
  unknown: 60,
  silent: 5,
};
/** A program's last words can be long, and hold what it was called with. */
const MAX_REASON = 200;
/** What connectors call themselves and their programs stands in everybody's snapshot. */
const MAX_NAME = 100;

type Occupant = Readonly<{
  id: string;
  socket: WebSocket;
  remembered: Remembered;
  seat: NonNullable<Remembered["seated"]>;
  reader: TunnelReader;
}>;

/**
 * The one connector of a backend. It survives the sleep of its object: what is needed is kept at the
 * socket itself. The newest connector has the seat, and nothing is heard of an older one any more.
 */
export class ConnectorSeat {
  readonly #deps: ConnectorSeatDeps;
  #occupant: Occupant | undefined;
  #line: ConnectorLine | undefined;
  #heardAt = 0;
  #restartedAt = -Infinity;
  /** Of connections that have not introduced themselves: called off when they have, or are gone. */
  readonly #patience = new Map<string, () => void>();

  constructor(deps: ConnectorSeatDeps) {
    this.#deps = deps;
    deps.sockets.setWebSocketAutoResponse(new WebSocketRequestResponsePair(PING, PONG));
    this.#restore();
  }

  /** Undefined while the local server is not up. */
  get line(): ConnectorLine | undefined {
    return this.#line;
  }

  get seated(): Seated | undefined {
    if (this.#occupant === undefined) return undefined;
    const { remembered, seat } = this.#occupant;
    const { instance, version, command } = seat;
    return {
      since: remembered.since,
      instance,
      ...(version === undefined ? {} : { version }),
      ...(command === undefined ? {} : { command }),
    };
  }

  /** Why the local server is not up although its connector is there. */
  get problem(): string | undefined {
    return this.#occupant?.seat.problem;
  }

  /** When the credential of the connector ends, epoch ms. */
  get expiresAt(): number | undefined {
    return this.#occupant?.remembered.expiresAt;
  }

  /** A connector was let in, and has yet to introduce itself; undefined: too many are at it. */
  accept(owner: SocketOwner): Response | undefined {
    const { sockets, after, now } = this.#deps;
    const waiting = sockets
      .getWebSockets()
      .filter((socket) => socket.readyState === WebSocket.OPEN && !isSeated(socket));
    if (waiting.length >= MAX_WAITING) return undefined;
    const { 0: client, 1: server } = new WebSocketPair();
    const id = crypto.randomUUID();
    sockets.acceptWebSocket(server, [id]);
    remember(server, { ...owner, since: now() });
    const refuse = (): void => this.#refuse(server, "silent", "no hello came in time");
    this.#patience.set(id, after(HELLO_WITHIN_MS, refuse));
    const headers = { "sec-websocket-protocol": TUNNEL_PROTOCOL };
    return new Response(null, { status: 101, webSocket: client, headers });
  }

  receive(socket: WebSocket, data: unknown): void {
    const occupant = this.#occupant;
    if (occupant !== undefined && occupant.id === this.#idOf(socket)) {
      this.#heardAt = this.#deps.now();
      return this.#hear(occupant, data);
    }
    const remembered = recall(socket);
    if (remembered === undefined || remembered.seated !== undefined) return; // of one that was replaced
    // Refused, it need not close its end, and could say who it is after all: with a key that is
    // revoked by now, or only to drive out whoever has the seat.
    if (socket.readyState !== WebSocket.OPEN) return;
    const frame = new TunnelReader(MAX_TO_GATEWAY).read(data);
    if (frame.kind === "ping" || frame.kind === "pong") return;
    if (frame.kind !== "hello")
      return this.#refuse(socket, "protocol", "the first frame is no hello");
    this.#seat(socket, remembered, frame.hello);
  }

  /** The socket is closed, whoever closed it. */
  leave(socket: WebSocket): void {
    this.#stopWaiting(this.#idOf(socket));
    if (this.#occupant?.id === this.#idOf(socket)) this.#vacate();
  }

  /** The credential with this name is no longer good. */
  revoke(credential: string): void {
    this.#closeWhere((owner) => owner.credential === credential);
  }

  closeExpired(): void {
    const now = this.#deps.now();
    this.#closeWhere(({ expiresAt }) => expiresAt !== undefined && expiresAt <= now);
  }

  /**
   * The local server does not let itself be initialized, as some do not a second time: it may have
   * been, by a gateway that has forgotten it. False where that was tried already.
   */
  restart(): boolean {
    const socket = this.#occupant?.socket;
    const now = this.#deps.now();
    if (socket === undefined || now - this.#restartedAt < RESTART_EVERY_MS) return false;
    this.#restartedAt = now;
    this.#refuse(socket, "restart", "the local server has to be started afresh");
    return true;
  }

  /** No connector brings this backend any more. */
  dismiss(): void {
    for (const socket of this.#deps.sockets.getWebSockets()) {
      this.#refuse(socket, "unknown", "this backend is no longer configured for a connector");
    }
  }

  /** The object was asleep, or is a new one of another version: its sockets are as they were. */
  #restore(): void {
    const { sockets, now } = this.#deps;
    for (const socket of sockets.getWebSockets()) {
      const remembered = recall(socket);
      if (remembered?.seated !== undefined) {
        const isNewest = remembered.since >= (this.#occupant?.remembered.since ?? 0);
        if (socket.readyState === WebSocket.OPEN && isNewest) this.#take(socket, remembered);
      } else if (now() - (remembered?.since ?? 0) > HELLO_WITHIN_MS) {
        this.#refuse(socket, "silent", "no hello came in time");
      }
    }
    const run = this.#occupant?.seat.run;
    if (run !== undefined) this.#open(run);
  }

  #seat(socket: WebSocket, remembered: Remembered, hello: Hello): void {
    if (hello.backend !== this.#deps.backend()) {
      return this.#refuse(socket, "protocol", "the hello names another backend");
    }
    this.#stopWaiting(this.#idOf(socket));
    const before = this.#occupant;
    if (before?.seat.instance === hello.instance && before.seat.sequence >= hello.sequence) {
      return this.#refuse(socket, "replaced", "a newer connection of this connector is there");
    }
    if (before !== undefined) {
      this.#vacate();
      this.#refuse(before.socket, "replaced", "a newer connector has taken over this backend");
    }
    const { instance, sequence, version, command } = hello;
    const seated = {
      instance,
      sequence,
      ...(version === undefined ? {} : { version: redactText(version, MAX_NAME) }),
      ...(command === undefined ? {} : { command: redactText(command, MAX_NAME) }),
    };
    this.#heardAt = this.#deps.now();
    this.#take(socket, { ...remembered, seated });
    const welcome = { maxMessage: MAX_TO_GATEWAY, maxFrame: MAX_FRAME };
    send(socket, encodeFrame({ kind: "welcome", welcome }));
  }

  #take(socket: WebSocket, remembered: Remembered): void {
    if (remembered.seated === undefined) return;
    remember(socket, remembered);
    this.#occupant = {
      id: this.#idOf(socket),
      socket,
      remembered,
      seat: remembered.seated,
      reader: new TunnelReader(MAX_TO_GATEWAY),
    };
  }

  #hear(occupant: Occupant, data: unknown): void {
    const { socket, reader } = occupant;
    const frame = reader.read(data);
    switch (frame.kind) {
      case "message":
        return this.#line?.deliver(frame.text); // from a server that is not up: of no call
      case "state":
        return this.#hearState(occupant, frame.state);
      case "ping":
      case "pong":
      case "partial":
        return;
      case "hello":
      case "welcome":
      case "refusal":
        return this.#refuse(socket, "protocol", `a ${frame.kind} has no place here`);
      case "flaw":
        return this.#refuse(socket, "protocol", frame.reason);
      default:
        return frame satisfies never;
    }
  }

  #hearState(occupant: Occupant, state: ServerState): void {
    const { run: before, problem: _, ...seat } = occupant.seat;
    if (state.state === "up" && state.run === before) return;
    this.#close();
    if (state.state === "down") {
      this.#note(occupant, { ...seat, problem: redactText(state.reason, MAX_REASON) });
      return this.#deps.onDown();
    }
    this.#note(occupant, { ...seat, run: state.run });
    this.#open(state.run);
    return this.#deps.onUp();
  }

  #note(occupant: Occupant, seated: Occupant["seat"]): void {
    const remembered = { ...occupant.remembered, seated };
    remember(occupant.socket, remembered);
    this.#occupant = { ...occupant, remembered, seat: seated };
  }

  #open(run: string): void {
    const { after, onMessage } = this.#deps;
    this.#line = new ConnectorLine({
      run,
      send: (frame) => this.#send(frame),
      isSilent: () => this.#isSilent(),
      onDead: () => this.#onDead(),
      onMessage,
      after,
    });
  }

  #send(frame: string): void {
    try {
      this.#occupant?.socket.send(frame);
    } catch {
      this.#vacate(); // it is closed, and we have not been told yet
    }
  }

  #isSilent(): boolean {
    if (this.#occupant === undefined) return true;
    const { socket, remembered } = this.#occupant;
    const pinged = this.#deps.sockets.getWebSocketAutoResponseTimestamp(socket)?.getTime() ?? 0;
    const heardAt = Math.max(this.#heardAt, pinged, remembered.since);
    return this.#deps.now() - heardAt > SILENCE_MS;
  }

  #onDead(): void {
    const socket = this.#occupant?.socket;
    if (socket !== undefined) this.#refuse(socket, "silent", "nothing was heard for too long");
  }

  /** Ends what went over the connection; what it is closed with is somebody else's affair. */
  #vacate(): void {
    this.#occupant = undefined;
    this.#close();
    this.#deps.onDown();
  }

  #close(): void {
    const line = this.#line;
    this.#line = undefined;
    line?.end();
  }

  #closeWhere(isOver: (owner: SocketOwner) => boolean): void {
    for (const socket of this.#deps.sockets.getWebSockets()) {
      const owner = recall(socket);
      if (owner !== undefined && isOver(owner)) {
        this.#refuse(socket, "revoked", "the key of this connector is no longer valid");
      }
    }
  }

  #stopWaiting(id: string): void {
    this.#patience.get(id)?.();
    this.#patience.delete(id);
  }

  #refuse(socket: WebSocket, reason: CloseReason, message: string): void {
    this.#stopWaiting(this.#idOf(socket));
    if (this.#occupant?.id === this.#idOf(socket)) this.#vacate();
    const refusal = { code: reason, message, retry: RETRY[reason] };
    send(socket, encodeFrame({ kind: "refusal", refusal }));
    close(socket, CLOSE_CODES[reason], reason);
  }

  #idOf(socket: WebSocket): string {
    return this.#deps.sockets.getTags(socket)[0] ?? "";
  }
}

function isSeated(socket: WebSocket): boolean {
  return recall(socket)?.seated !== undefined;
}

/** A socket that is closed already is as good as told. */
function send(socket: WebSocket, frame: string): void {
  try {
    socket.send(frame);
  } catch {} // oxlint-disable-line no-empty -- see above
}

function close(socket: WebSocket, code: number, reason: string): void {
  try {
    socket.close(code, reason);
  } catch {} // oxlint-disable-line no-empty -- see above
}
