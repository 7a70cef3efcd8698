import {
  Client as ModernClient,
  StreamableHTTPClientTransport as ModernTransport,
} from "@modelcontextprotocol/client";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { ElicitRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import type { Revision } from "./official-suite.ts";

type Json = Record<string, unknown>;

/** A real client of either SDK, as far as the scenarios need one. */
export type ClientDoor = Readonly<{
  tools: () => Promise<readonly Readonly<{ name: string; inputSchema: object }>[]>;
  call: (name: string, args?: Json) => Promise<unknown>;
  resources: () => Promise<readonly Readonly<{ uri: string }>[]>;
  read: (uri: string) => Promise<unknown>;
  prompts: () => Promise<readonly Readonly<{ name: string }>[]>;
  prompt: (name: string) => Promise<unknown>;
  close: () => Promise<void>;
}>;

const INFO = { name: "conformance-driver", version: "1.0.0" };
/** Says yes to everything and leaves every field to its default (SEP-1034). */
const CAPABILITIES = { elicitation: { form: { applyDefaults: true } } };
const ACCEPTED = { action: "accept" as const, content: {} };

export async function openDoor(
  revision: Revision,
  { url, key }: { url: string; key: string },
): Promise<ClientDoor> {
  const options = { requestInit: { headers: { authorization: `Bearer ${key}` } } };
  if (revision === "2025-11-25") {
    const client = new Client(INFO, { capabilities: CAPABILITIES });
    client.setRequestHandler(ElicitRequestSchema, () => ACCEPTED);
    await client.connect(new StreamableHTTPClientTransport(new URL(url), options));
    return {
      tools: async () => (await client.listTools()).tools,
      call: (name, args = {}) => client.callTool({ name, arguments: args }),
      resources: async () => (await client.listResources()).resources,
      read: (uri) => client.readResource({ uri }),
      prompts: async () => (await client.listPrompts()).prompts,
      prompt: (name) => client.getPrompt({ name }),
      close: () => client.close(),
    };
  }
  const client = new ModernClient(INFO, {
    capabilities: CAPABILITIES,
    versionNegotiation: { mode: "auto" },
  });
  client.setRequestHandler("elicitation/create", () => ACCEPTED);
  await client.connect(new ModernTransport(new URL(url), options));
  return {
    tools: async () => (await client.listTools()).tools,
    call: (name, args = {}) => client.callTool({ name, arguments: args }),
    resources: async () => (await client.listResources()).resources,
    read: (uri) => client.readResource({ uri }),
    prompts: async () => (await client.listPrompts()).prompts,
    prompt: (name) => client.getPrompt({ name }),
    close: () => client.close(),
  };
}
