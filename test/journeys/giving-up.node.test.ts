import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually } from "../support/child.ts";
import type { Fixture } from "../support/loopback-server.ts";
import { startQuirkyBackends } from "../support/quirky-backends.ts";
import { type StartedGateway, startGateway } from "../support/start-gateway.ts";

let folder: string;
let backends: Fixture;
let gateway: StartedGateway;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "gateway-journey-"));
  backends = await startQuirkyBackends();
  const file = join(folder, "mcp.json");
  writeFileSync(
    file,
    JSON.stringify({ mcpServers: { slow: { url: `${backends.url}/hang/hanging-up` } } }),
  );
  gateway = await startGateway(["--config", file]);
});

afterAll(async () => {
  await gateway?.stop();
  await backends?.close();
  rmSync(folder, { recursive: true, force: true });
});

type Arrived = { message?: { id?: unknown; method?: string; params?: unknown } };

async function arrived(method: string): Promise<Arrived[]> {
  const log = (await (await fetch(`${backends.url}/log/hang/hanging-up`)).json()) as Arrived[];
  return log.filter(({ message }) => message?.method === method);
}

function call(
  path: string,
  headers: Record<string, string>,
  body: object,
  signal?: AbortSignal,
): Promise<Response> {
  return fetch(gateway.url + path, {
    method: "POST",
    headers: {
      authorization: `Bearer ${gateway.apiKey}`,
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      ...headers,
    },
    body: JSON.stringify(body),
    ...(signal === undefined ? {} : { signal }),
  });
}

test.each([100, 1_500])(
  "cancels the backend's work when an MCP client says so after %i ms, and only that",
  async (wait) => {
    const before = (await arrived("notifications/cancelled")).length;
    const calls = (await arrived("tools/call")).length;
    const say = (body: object) => call("/mcp/slow", {}, { jsonrpc: "2.0", ...body });
    const id = `call after ${wait}`;
    const answer = say({ id, method: "tools/call", params: { name: "call", arguments: {} } });
    await eventually("the call arrives", async () =>
      expect(await arrived("tools/call")).toHaveLength(calls + 1),
    );
    await new Promise((resolve) => setTimeout(resolve, wait));
    await say({ method: "notifications/cancelled", params: { requestId: "never sent" } });
    await say({ method: "notifications/cancelled", params: { requestId: id } });
    expect(await (await answer).text()).toContain("the caller gave up");
    await eventually("the cancellation arrives", async () =>
      expect(await arrived("notifications/cancelled")).toHaveLength(before + 1),
    );
    expect((await arrived("notifications/cancelled")).at(-1)?.message?.params).toMatchObject({
      requestId: id,
    });
  },
);

test.each([
  [
    "an MCP client",
    "/mcp/slow",
    { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "call", arguments: {} } },
  ],
  [
    "an OpenAI client",
    "/v1/chat/completions",
    {
      model: "mcp-gateway",
      stream: true,
      messages: [{ role: "user", content: "call slow_call {}" }],
    },
  ],
])("cancels the backend's work when %s hangs up", async (_, path, body) => {
  const before = (await arrived("notifications/cancelled")).length;
  const calls = (await arrived("tools/call")).length;
  const abort = new AbortController();
  const answer = call(path, {}, body, abort.signal).then((response) => response.text());
  answer.catch(() => {}); // we hang up ourselves
  await eventually("the call arrives", async () =>
    expect(await arrived("tools/call")).toHaveLength(calls + 1),
  );
  const left = Date.now();
  abort.abort();
  await eventually("the cancellation arrives", async () =>
    expect(await arrived("notifications/cancelled")).toHaveLength(before + 1),
  );
  expect(Date.now() - left).toBeLessThan(5_000);
});
