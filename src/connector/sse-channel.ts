import {
  fetchProblem,
  isEventStream,
  readEvents,
  type Channel,
  type ChannelHooks,
  type RemoteServer,
} from "./remote-channel.ts";
import { errorAnswer, peek } from "./rpc-peek.ts";

/**
 * A server of the older transport (2024-11-05): one stream for all that comes, and an address named
 * on it for all that goes. The channel is there at once; what is sent waits for the address.
 */
export function openSseChannel(server: RemoteServer, hooks: ChannelHooks): Channel {
  const closed = new AbortController();
  const { promise: endpoint, resolve: setEndpoint } = Promise.withResolvers<URL>();
  let isEnded = false;

  function end(reason: string): void {
    if (isEnded) return;
    isEnded = true;
    closed.abort();
    hooks.onEnd(reason);
  }

  async function listen(): Promise<void> {
    const response = await fetch(server.url, {
      headers: { ...server.headers, accept: "text/event-stream" },
      redirect: "manual",
      signal: closed.signal,
    });
    if (!response.ok || !isEventStream(response)) {
      void response.body?.cancel();
      const got = response.ok ? "no event stream" : `HTTP ${response.status}`;
      return end(`answered with ${got}`);
    }
    await readEvents(response, {
      onEvent: (name, data) => {
        if (name === "endpoint") learnEndpoint(data);
        else if (name === "message" && !isEnded && peek(data) !== undefined) hooks.onMessage(data);
      },
      hasRoom: hooks.hasRoom,
    });
    end("ended its event stream");
  }

  /** Headers may hold a credential: they go to no other origin, whatever the stream says. */
  function learnEndpoint(path: string): void {
    const url = URL.parse(path, server.url);
    if (url?.origin !== new URL(server.url).origin) {
      return end("named a message endpoint on another origin");
    }
    hooks.onAlive();
    setEndpoint(url);
  }

  listen().catch((error: unknown) => end(fetchProblem(error)));

  return {
    send: (text, messages) => {
      async function post(): Promise<void> {
        const response = await fetch(await endpoint, {
          method: "POST",
          headers: { ...server.headers, "content-type": "application/json" },
          body: text,
          redirect: "manual",
          signal: closed.signal,
        });
        await response.body?.cancel();
        if (response.ok || isEnded) return;
        for (const message of messages) {
          if (message.kind !== "request") continue;
          hooks.onMessage(errorAnswer(message.id, `The server answered HTTP ${response.status}`));
        }
      }
      post().catch((error: unknown) => end(fetchProblem(error)));
    },
    close: async () => {
      isEnded = true;
      closed.abort();
    },
  };
}
