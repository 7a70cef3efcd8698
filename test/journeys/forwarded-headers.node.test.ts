import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { askDoor, openRawSession } from "../support/raw-session.ts";
import { type Arrived, startQuirkyBackends } from "../support/quirky-backends.ts";
import { type StartedGateway, startGateway } from "../support/start-gateway.ts";

/** The bytes of a header on both sides of the gateway that `npm start` runs. */

const cleanup = new AsyncDisposableStack();
let gateway: StartedGateway;
let backends: string;

beforeAll(async () => {
  const fixture = await startQuirkyBackends();
  cleanup.defer(() => fixture.close());
  backends = fixture.url;
  const folder = await mkdtemp(join(tmpdir(), "gateway-forwarding-"));
  cleanup.defer(() => rm(folder, { recursive: true, force: true }));
  const config = join(folder, "mcp.json");
  const client_header_forwarding = { enabled: true, whitelist: ["X-Tenant"] };
  const entries = Object.entries({ plain: "http", session: "http", "sse-stream": "sse" }).map(
    ([quirk, type]) => [
      quirk,
      { type, url: `${backends}/${quirk}/bytes`, client_header_forwarding },
    ],
  );
  await writeFile(config, JSON.stringify({ mcpServers: Object.fromEntries(entries) }));
  gateway = await startGateway(["--config", config]);
  cleanup.defer(async () => void (await gateway.stop()));
});
afterAll(() => cleanup.disposeAsync());

const CALL = JSON.stringify({
  jsonrpc: "2.0",
  id: 1,
  method: "tools/call",
  params: { name: "call", arguments: {} },
});

/** Node writes and reads each character of a header as one byte. */
async function arrivedOf(
  quirk: string,
  bytes: string,
  headers: Record<string, string> = {},
): Promise<unknown> {
  await new Promise<void>((resolve, reject) => {
    const call = request(`${gateway.url}/mcp/${quirk}`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${gateway.apiKey}`,
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
        "x-tenant": bytes,
        ...headers,
      },
    });
    call.on("error", reject);
    call.on("response", (response) => {
      response.on("end", resolve).resume();
    });
    // With a text as the body, Node would write the headers in UTF-8 too.
    call.end(Buffer.from(CALL));
  });
  const log = await fetch(`${backends}/log/${quirk}/bytes`);
  const arrived: Arrived[] = await log.json();
  const call = arrived.findLast(({ message }) => message?.method === "tools/call");
  return call?.headers["x-tenant"];
}

const VALUES = [
  'quotes " {} \\ , ; = %C3%A9',
  "a\tb  c",
  Buffer.from("Grüße 😀").toString("latin1"),
  "caf\u00e9",
];

test.each(VALUES)("%j arrives as it was sent, over every transport", async (bytes) => {
  for (const quirk of ["plain", "session", "sse-stream"]) {
    expect(await arrivedOf(quirk, bytes)).toBe(bytes);
  }
});

test.each(VALUES)("%j arrives as it was sent, from a session that can be asked", async (bytes) => {
  for (const quirk of ["plain", "session", "sse-stream"]) {
    const session = await openRawSession(askDoor(gateway), {
      path: `/mcp/${quirk}`,
      capabilities: { elicitation: {} },
    });
    expect(await arrivedOf(quirk, bytes, { "mcp-session-id": session.id })).toBe(bytes);
    await session.end();
  }
});
