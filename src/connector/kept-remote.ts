import { randomToken } from "../core/digest.ts";
import type { ServerState } from "../tunnel/tunnel-frame.ts";
import { Backoff } from "../shell/backoff.ts";
import { openHttpChannel } from "./http-channel.ts";
import type { LocalEnd, LocalHooks } from "./local-end.ts";
import type { Channel, RemoteServer } from "./remote-channel.ts";
import { peek } from "./rpc-peek.ts";
import { openSseChannel } from "./sse-channel.ts";

const OPEN_TIMES = { firstMs: 500, maxMs: 60_000 };

/** Keeps a session with a server in the local network, and opens another one when it is lost. */
export function keepRemote(server: RemoteServer, hooks: LocalHooks): LocalEnd {
  const backoff = new Backoff(OPEN_TIMES);
  let channel: Channel | undefined;
  let state: ServerState = { state: "down", reason: "is being connected" };
  let again: NodeJS.Timeout | undefined;
  let stopped = false;
  let room = Promise.withResolvers<void>();
  room.resolve();

  function open(): void {
    let isAlive = false;
    const mine: Channel = (server.kind === "sse" ? openSseChannel : openHttpChannel)(server, {
      onMessage: (text) => {
        const messages = peek(text);
        if (messages !== undefined && channel === mine) hooks.onMessage(text, messages);
      },
      onAlive: () => {
        if (isAlive) return;
        isAlive = true;
        backoff.up();
        hooks.tell({ kind: "started" });
      },
      onEnd: (reason) => {
        if (channel === mine) onEnd(reason);
      },
      hasRoom: () => room.promise,
    });
    channel = mine;
    state = { state: "up", run: randomToken(12) };
    hooks.onState(state);
  }

  function onEnd(reason: string): void {
    channel = undefined;
    state = { state: "down", reason };
    hooks.onState(state);
    if (stopped) return;
    const againInMs = backoff.next();
    hooks.tell({ kind: "ended", reason, againInMs });
    again = setTimeout(open, againInMs);
  }
  open();

  return {
    state: () => state,
    send: (text) => channel?.send(text, peek(text) ?? []),
    pause: () => {
      room = Promise.withResolvers<void>();
    },
    resume: () => room.resolve(),
    restart: () => {
      const old = channel;
      onEnd("is connected again");
      void old?.close();
    },
    stop: async () => {
      stopped = true;
      clearTimeout(again);
      await channel?.close();
    },
  };
}
