import {
  Client as ModernClient,
  type ClientOptions,
  StreamableHTTPClientTransport as ModernTransport,
} from "@modelcontextprotocol/client";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import {
  StreamableHTTPClientTransport,
  StreamableHTTPError,
} from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type FixtureGateway, startFixtureGateway } from "../support/fixture-gateway.ts";
import { askDoor } from "../support/raw-session.ts";

/** The clients that people have, with the settings they come with. */

let house: FixtureGateway;
beforeAll(async () => {
  house = await startFixtureGateway();
});
afterAll(() => house?.stop());

const INFO = { name: "default", version: "1" };

function door(path: string): readonly [URL, { requestInit: RequestInit }] {
  const headers = { authorization: `Bearer ${house.gateway.apiKey}` };
  return [new URL(house.gateway.url + path), { requestInit: { headers } }];
}

async function connectFirst(path: string): Promise<Client> {
  const client = new Client(INFO);
  await client.connect(new StreamableHTTPClientTransport(...door(path)));
  return client;
}

const connectSecond =
  (options?: ClientOptions) =>
  async (path: string): Promise<ModernClient> => {
    const client = new ModernClient(INFO, options);
    await client.connect(new ModernTransport(...door(path)));
    return client;
  };

describe.each([
  ["of the first SDK", "2025-11-25", connectFirst],
  ["of the second SDK", "2025-11-25", connectSecond()],
  [
    "of the second SDK that negotiates",
    "2026-07-28",
    connectSecond({ versionNegotiation: { mode: "auto" } }),
  ],
  [
    "of the second SDK that insists",
    "2026-07-28",
    connectSecond({ versionNegotiation: { mode: { pin: "2026-07-28" } } }),
  ],
])("a client %s", (_, version, connect) => {
  test.each([
    ["/mcp", "session_"],
    ["/mcp", "modern_"],
    ["/mcp/session", ""],
    ["/mcp/sse", ""],
    ["/mcp/modern", ""],
    ["/mcp/json", ""],
  ])("does at %s everything under the names %j", async (path, prefix) => {
    const client = await connect(path);
    expect(client.getServerVersion()?.name).toBeDefined();
    expect((await client.listTools()).tools.map(({ name }) => name)).toContain(`${prefix}echo`);
    const called = await client.callTool({ name: `${prefix}echo`, arguments: { version } });
    expect(called).toMatchObject({ content: [{ text: JSON.stringify({ version }) }] });
    const name = `${prefix}test_prompt_with_arguments`;
    const prompt = await client.getPrompt({ name, arguments: { arg1: "a", arg2: "b" } });
    expect(JSON.stringify(prompt.messages)).toContain("arg1='a'");
    const { resources } = await client.listResources();
    expect(resources.map(({ uri }) => uri)).toContain("test://static-text");
    const { contents } = await client.readResource({ uri: "test://static-text" });
    expect(contents).toHaveLength(1);
    const { resourceTemplates } = await client.listResourceTemplates();
    expect(resourceTemplates.length).toBeGreaterThan(0);
    const completed = await client.complete({
      ref: { type: "ref/prompt", name },
      argument: { name: "arg1", value: "par" },
    });
    expect(completed.completion.values).toContain("paris");
    await client.close();
  });
});

test("a client whose session is gone hears 404, and a new one begins", async () => {
  const client = new Client(INFO);
  const transport = new StreamableHTTPClientTransport(...door("/mcp/session"));
  await client.connect(transport);
  const session = transport.sessionId ?? "";
  const headers = { "mcp-session-id": session };
  await (await askDoor(house.gateway)("/mcp/session", { method: "DELETE", headers })).text();
  const gone = await client.listTools().catch((error: unknown) => error);
  expect(gone).toBeInstanceOf(StreamableHTTPError);
  expect(gone).toMatchObject({ code: 404 });
  await client.close();
  const again = await connectFirst("/mcp/session");
  expect((await again.listTools()).tools.length).toBeGreaterThan(0);
  await again.close();
});
