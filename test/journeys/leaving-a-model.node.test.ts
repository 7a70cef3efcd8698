import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ScriptedLlm, startScriptedLlm } from "../support/scripted-llm.ts";
import { type StartedGateway, startGateway } from "../support/start-gateway.ts";

const KEY = "leaving";

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
