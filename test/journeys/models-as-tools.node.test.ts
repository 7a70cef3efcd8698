import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  Client as ModernClient,
  StreamableHTTPClientTransport as ModernTransport,
} from "@modelcontextprotocol/client";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ScriptedLlm, startScriptedLlm } from "../support/scripted-llm.ts";
import { type StartedGateway, startGateway } from "../support/start-gateway.ts";

const KEY = "models-as-tools";

let folder: string;
let llm: ScriptedLlm;
let gateway: StartedGateway;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "gateway-journey-"));
  llm = await startScriptedLlm();
  const file = join(folder, "mcp.json");
  const scripted = { baseUrl: `${llm.url}/openai/${KEY}/v1`, apiKey: "scripted-key" };
  writeFileSync(
    file,
    JSON.stringify({
      mcpServers: { llm: { builtin: "llm" } },
      llm: { providers: { scripted }, defaultModel: "scripted/scripted-1" },
    }),
  );
  gateway = await startGateway(["--config", file]);
});

afterAll(async () => {
  await gateway?.stop();
  await llm?.close();
  rmSync(folder, { recursive: true, force: true });
});

function say(body: object, signal?: AbortSignal): Promise<Response> {
  return fetch(`${gateway.url}/mcp/llm`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${gateway.apiKey}`,
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      "mcp-protocol-version": "2025-11-25",
    },
    body: JSON.stringify({ jsonrpc: "2.0", ...body }),
    ...(signal === undefined ? {} : { signal }),
  });
}

/** A model that begins to speak and then says nothing more, or nothing at all. */
function ask(id: string, script: string, signal?: AbortSignal): Promise<Response> {
  const messages = [{ role: "user", content: script }];
  const params = {
    name: "chat_completion",
    arguments: { messages },
    _meta: { progressToken: id },
  };
  return say({ id, method: "tools/call", params }, signal);
}

test.each(["SAY one two\nERR stall", "ERR hang"])(
  "stops a model when the client cancels its call: %j",
  async (script) => {
    const before = llm.requests(KEY).length;
    const left = llm.requests(KEY).filter(({ abandoned }) => abandoned).length;
    const answer = ask(`cancelled ${before}`, script);
    await llm.arrived(KEY, before + 1);
    await say({ method: "notifications/cancelled", params: { requestId: `cancelled ${before}` } });
    await llm.abandoned(KEY, left + 1);
    expect(await (await answer).text()).toMatch(/"error":\{"code":-32603,/);
  },
);

test("stops a model when the client closes the stream it is heard on", async () => {
  const before = llm.requests(KEY).length;
  const left = llm.requests(KEY).filter(({ abandoned }) => abandoned).length;
  const leave = new AbortController();
  const response = await ask("closed", "SAY one two\nERR stall", leave.signal);
  expect(response.headers.get("content-type")).toContain("text/event-stream");
  await llm.arrived(KEY, before + 1);
  leave.abort();
  await llm.abandoned(KEY, left + 1);
});

const INFO = { name: "journey", version: "1" };

function door(): [URL, { requestInit: { headers: Record<string, string> } }] {
  const headers = { authorization: `Bearer ${gateway.apiKey}` };
  return [new URL(`${gateway.url}/mcp`), { requestInit: { headers } }];
}

async function connectLegacy(): Promise<Client> {
  const client = new Client(INFO);
  await client.connect(new StreamableHTTPClientTransport(...door()));
  return client;
}

async function connectModern(): Promise<ModernClient> {
  const client = new ModernClient(INFO, { versionNegotiation: { mode: "auto" } });
  await client.connect(new ModernTransport(...door()));
  return client;
}

test.each([
  ["the 2025 line", connectLegacy],
  ["the 2026 line", connectModern],
])("a client of %s accepts every result against the schema of its tool", async (_, connect) => {
  const client = await connect();
  try {
    const { tools } = await client.listTools();
    const own = tools.map(({ name }) => name).filter((name) => name.startsWith("llm_"));
    expect(own).toHaveLength(4);
    for (const name of own) {
      const messages = [{ role: "user", content: "SAY Hello" }];
      const args = name === "llm_chat_completion" ? { messages } : {};
      const result = await client.callTool({ name, arguments: args });
      expect(result.isError).not.toBe(true);
      expect(result.structuredContent).toBeDefined();
    }
    const refused = await client.callTool({ name: "llm_chat_completion", arguments: {} });
    expect(refused.isError).toBe(true);
  } finally {
    await client.close();
  }
});
