import {
  Client as ModernClient,
  StreamableHTTPClientTransport as ModernTransport,
} from "@modelcontextprotocol/client";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import {
  PromptListChangedNotificationSchema,
  ResourceListChangedNotificationSchema,
  ResourceUpdatedNotificationSchema,
  ToolListChangedNotificationSchema,
} from "@modelcontextprotocol/sdk/types.js";
import type { Door } from "./fixture-gateway.ts";

/** A client that hears of changes, whichever its era. */
export type LiveClient = Readonly<{
  /** Methods of the notifications so far, with the URI where there is one. */
  heard: string[];
  callTool: (name: string, args?: Record<string, unknown>) => Promise<unknown>;
  toolNames: () => Promise<string[]>;
  /** Only before or while it listens; it hears of these resources from then on. */
  watch: (uri: string) => Promise<void>;
  /** Settles when the gateway has ended the stream. */
  ended: Promise<void>;
  close: () => Promise<void>;
}>;

/** Of the 2025 line, with its stream open. */
export async function listenLegacy(door: Door, path: string): Promise<LiveClient> {
  const heard: string[] = [];
  const client = new Client({ name: "legacy", version: "1" });
  client.setNotificationHandler(ToolListChangedNotificationSchema, ({ method }) => {
    heard.push(method);
  });
  client.setNotificationHandler(PromptListChangedNotificationSchema, ({ method }) => {
    heard.push(method);
  });
  client.setNotificationHandler(ResourceListChangedNotificationSchema, ({ method }) => {
    heard.push(method);
  });
  client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ method, params }) => {
    heard.push(`${method} ${params.uri}`);
  });
  const { promise: standing, resolve: onStanding } = Promise.withResolvers<void>();
  const { promise: ended, resolve: onEnded } = Promise.withResolvers<void>();
  const transport = new StreamableHTTPClientTransport(new URL(door.url + path), {
    requestInit: { headers: { authorization: `Bearer ${door.apiKey}` } },
    fetch: async (url, init) => {
      const response = await fetch(url, init);
      if (init?.method === "GET" && response.ok) onStanding();
      if (init?.method === "GET" && response.status === 401) onEnded();
      return response;
    },
  });
  await client.connect(transport);
  await standing;
  return {
    heard,
    callTool: (name, args = {}) => client.callTool({ name, arguments: args }),
    toolNames: async () => (await client.listTools()).tools.map(({ name }) => name),
    watch: async (uri) => void (await client.subscribeResource({ uri })),
    ended,
    close: () => client.close(),
  };
}

/** Of 2026-07-28, subscribed to every list. */
export async function listenModern(door: Door, path: string): Promise<LiveClient> {
  const heard: string[] = [];
  const client = new ModernClient(
    { name: "modern", version: "1" },
    { versionNegotiation: { mode: { pin: "2026-07-28" } } },
  );
  for (const list of ["tools", "prompts", "resources"] as const) {
    const method = `notifications/${list}/list_changed` as const;
    client.setNotificationHandler(method, () => {
      heard.push(method);
    });
  }
  client.setNotificationHandler("notifications/resources/updated", ({ method, params }) => {
    heard.push(`${method} ${params.uri}`);
  });
  await client.connect(
    new ModernTransport(new URL(door.url + path), {
      requestInit: { headers: { authorization: `Bearer ${door.apiKey}` } },
    }),
  );
  const lists = { toolsListChanged: true, promptsListChanged: true, resourcesListChanged: true };
  const subscription = await client.listen(lists);
  return {
    heard,
    callTool: (name, args = {}) => client.callTool({ name, arguments: args }),
    toolNames: async () =>
      (await client.listTools(undefined, { cacheMode: "bypass" })).tools.map(({ name }) => name),
    watch: async (uri) => void (await client.listen({ resourceSubscriptions: [uri] })),
    ended: subscription.closed.then(() => {}),
    close: () => client.close(),
  };
}
