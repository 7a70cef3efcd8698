import type { ServerState } from "../tunnel/tunnel-frame.ts";
import { Backoff } from "../shell/backoff.ts";
import {
  openOutwardSocket,
  type Dial,
  type LineEnd,
  type OutwardSocket,
} from "./outward-socket.ts";

/** A gateway that restarts is there again within a second; one that is gone is not asked for much. */
const DIAL_TIMES = { firstMs: 500, maxMs: 30_000 };
/** What a person has to change is looked at again so often. */
const REFUSED_MS = 60_000;
/** Two connectors that bring the same backend must not throw each other out for ever. */
const REPLACED_MS = 5 * 60_000;

export type LineHooks = Readonly<{
  onOpen: () => void;
  onMessage: (text: string) => void;
  onFull: () => void;
  onDrained: () => void;
  onEnd: (end: LineEnd, againInMs: number) => void;
}>;

export type OutwardLine = Readonly<{
  isOpen: () => boolean;
  sendState: (state: ServerState) => void;
  /** False when it could not be carried. */
  send: (text: string) => boolean;
  pause: () => void;
  resume: () => void;
  stop: () => void;
}>;

/** Keeps one backend connected: dials again whenever the connection ends. */
export function keepOutwardLine(dial: () => Dial, hooks: LineHooks): OutwardLine {
  const backoff = new Backoff(DIAL_TIMES);
  let socket: OutwardSocket | undefined;
  let isOpen = false;
  let isPaused = false;
  let again: NodeJS.Timeout | undefined;

  function open(): void {
    socket = openOutwardSocket(dial(), {
      onOpen: () => {
        isOpen = true;
        backoff.up();
        if (isPaused) socket?.pause();
        hooks.onOpen();
      },
      onMessage: hooks.onMessage,
      onFull: hooks.onFull,
      onDrained: hooks.onDrained,
      onEnd: (end) => {
        isOpen = false;
        socket = undefined;
        const againInMs = waitAfter(end, backoff);
        again = setTimeout(open, againInMs);
        hooks.onEnd(end, againInMs);
      },
    });
  }
  open();

  return {
    isOpen: () => isOpen,
    sendState: (state) => socket?.sendState(state),
    send: (text) => isOpen && socket?.send(text) === true,
    pause: () => {
      isPaused = true;
      socket?.pause();
    },
    resume: () => {
      isPaused = false;
      socket?.resume();
    },
    stop: () => {
      isOpen = false;
      clearTimeout(again);
      socket?.close();
      socket = undefined;
    },
  };
}

function waitAfter(end: LineEnd, backoff: Backoff): number {
  const soon = backoff.next();
  switch (end.kind) {
    case "restart":
      return soon;
    case "lost":
      return Math.max(soon, Math.min(end.retryAfterMs ?? 0, REFUSED_MS));
    case "refused":
      return end.retryAfterMs === undefined ? REFUSED_MS + soon : Math.max(soon, end.retryAfterMs);
    case "replaced":
      return REPLACED_MS + soon;
    default:
      return end satisfies never;
  }
}
