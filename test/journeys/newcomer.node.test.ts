import { Client as ModernClient } from "@modelcontextprotocol/client";
import { StreamableHTTPClientTransport as ModernTransport } from "@modelcontextprotocol/client";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import OpenAI from "openai";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  authorizeUrl,
  codeForm,
  obtainCode,
  openConsent,
  postToken,
  readTokens,
  redirectOf,
  refreshForm,
  register,
  submitConsent,
} from "../support/oauth-flow.ts";
import { type StartedGateway, startGateway } from "../support/start-gateway.ts";

let gateway: StartedGateway;

beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.stop());

const textOf = (result: unknown): string =>
  (result as { content: { text: string }[] }).content.map(({ text }) => text).join("");

test("reads everything needed to connect from the screen", () => {
  const screen = gateway.child.output();
  expect(gateway.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  expect(gateway.apiKey.length).toBeGreaterThan(30);
  expect(gateway.ownerPassword.length).toBeGreaterThan(12);
  expect(screen).toMatch(/time\s+ready\s+2 tools/);
  for (const client of ["Claude.ai", "Open WebUI", "OpenAI SDK", "curl", "MCP clients"]) {
    expect(screen).toContain(client);
  }
  expect(screen).not.toMatch(/\n\s+at .*:\d+:\d+/);
  for (const line of screen.split("\n")) expect(line.length).toBeLessThanOrEqual(100);
});

test("connects an MCP client of the 2025 line with the API key", async () => {
  const client = new Client({ name: "newcomer", version: "1" });
  await client.connect(
    new StreamableHTTPClientTransport(new URL(`${gateway.url}/mcp`), {
      requestInit: { headers: { authorization: `Bearer ${gateway.apiKey}` } },
    }),
  );
  const { tools } = await client.listTools();
  expect(tools.map(({ name }) => name)).toEqual(["time_convert_time", "time_get_current_time"]);
  const result = await client.callTool({
    name: "time_convert_time",
    arguments: { source_timezone: "Asia/Tokyo", time: "12:00", target_timezone: "Asia/Kolkata" },
  });
  expect(JSON.parse(textOf(result))).toMatchObject({ time_difference: "-3.5h" });
  await client.close();
});

test("connects an MCP client of the 2026 line with the API key", async () => {
  const client = new ModernClient(
    { name: "newcomer", version: "1" },
    { versionNegotiation: { mode: "auto" } },
  );
  await client.connect(
    new ModernTransport(new URL(`${gateway.url}/mcp/time`), {
      requestInit: { headers: { authorization: `Bearer ${gateway.apiKey}` } },
    }),
  );
  expect(client.getNegotiatedProtocolVersion()).toBe("2026-07-28");
  const { tools } = await client.listTools();
  expect(tools.map(({ name }) => name).toSorted()).toEqual(["convert_time", "get_current_time"]);
  const result = await client.callTool({
    name: "get_current_time",
    arguments: { timezone: "UTC" },
  });
  expect(JSON.parse(textOf(result))).toMatchObject({ timezone: "UTC", is_dst: false });
  await client.close();
});

test("lets Claude in: discover, register, consent, token, list, call, refresh", async () => {
  const challenge = await fetch(`${gateway.url}/mcp`, { method: "POST" });
  expect(challenge.status).toBe(401);
  const metadataUrl = /resource_metadata="([^"]+)"/.exec(
    challenge.headers.get("www-authenticate") ?? "",
  )?.[1];
  const metadata = await (await fetch(metadataUrl ?? "")).json();
  expect(metadata).toMatchObject({ resource: `${gateway.url}/mcp` });

  const client = await register(fetch, gateway.url, ["https://claude.ai/api/mcp/auth_callback"]);
  const consent = await openConsent(fetch, await authorizeUrl(gateway.url, client));
  expect(consent.html).toContain("claude.ai");
  const decided = redirectOf(
    await submitConsent(fetch, consent, { password: gateway.ownerPassword }),
  );
  expect(decided.origin + decided.pathname).toBe(client.redirectUri);
  expect(decided.searchParams.get("iss")).toBe(gateway.url);
  const code = decided.searchParams.get("code") ?? "";
  const form = codeForm(client, code, consent.verifier);
  const tokens = await readTokens(await postToken(fetch, gateway.url, form));

  const call = async (token: string, method: string, params: object) => {
    const response = await fetch(`${gateway.url}/mcp`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${token}`,
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
      },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
    });
    return {
      status: response.status,
      body: response.status === 200 ? await response.json() : undefined,
    };
  };
  expect((await call(tokens.accessToken, "tools/list", {})).body).toMatchObject({
    result: { tools: [{ name: "time_convert_time" }, { name: "time_get_current_time" }] },
  });
  const fresh = await readTokens(
    await postToken(fetch, gateway.url, refreshForm(client, tokens.refreshToken)),
  );
  expect(
    (
      await call(fresh.accessToken, "tools/call", {
        name: "time_get_current_time",
        arguments: { timezone: "Europe/Berlin" },
      })
    ).body,
  ).toMatchObject({ result: { content: [{ type: "text" }] } });
  expect((await call("nonsense", "tools/list", {})).status).toBe(401);
});

test("serves the openai client with a minted key, and refuses it once revoked", async () => {
  const owner = { authorization: `Basic ${btoa(`owner:${gateway.ownerPassword}`)}` };
  const minted = await fetch(`${gateway.url}/admin/api/keys`, {
    method: "POST",
    headers: { ...owner, "content-type": "application/json" },
    body: JSON.stringify({ name: "Open WebUI", deny: ["time/convert_time"] }),
  });
  expect(minted.status).toBe(201);
  const { id, key } = (await minted.json()) as { id: string; key: string };
  expect(key).toMatch(/^mgw_[A-Za-z0-9_-]{43}$/);

  const openai = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: key, maxRetries: 0 });
  const { data: models } = await openai.models.list();
  expect(models.map((model) => model.id)).toContain("mcp-gateway");
  const stream = openai.chat.completions.stream({
    model: "mcp-gateway",
    messages: [
      { role: "user", content: 'call time_get_current_time {"timezone":"Asia/Kathmandu"}' },
    ],
  });
  expect((await stream.finalChatCompletion()).choices[0]?.message.content).toContain("+05:45");
  const denied = await openai.chat.completions.create({
    model: "mcp-gateway",
    messages: [{ role: "user", content: "call time_convert_time {}" }],
  });
  expect(denied.choices[0]?.message.content).not.toContain("time_difference");

  expect(
    (await fetch(`${gateway.url}/admin/api/keys/${id}`, { method: "DELETE", headers: owner })).ok,
  ).toBe(true);
  const refusedBy = Date.now() + 5_000;
  for (;;) {
    const status = await openai.models.list().then(
      () => 200,
      (error: { status: number }) => error.status,
    );
    if (status === 401) break;
    expect(Date.now()).toBeLessThan(refusedBy);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
});

test("keeps clients, codes and tokens over a restart", async () => {
  const { client, code, verifier } = await obtainCode(fetch, gateway.url, gateway.ownerPassword);
  const { state, url } = gateway;
  expect(await gateway.child.stop()).toBe(0);
  gateway = await startGateway([], { state, port: Number(new URL(url).port) });
  expect(gateway.url).toBe(url);
  const tokens = await readTokens(await postToken(fetch, url, codeForm(client, code, verifier)));
  const again = await postToken(fetch, url, refreshForm(client, tokens.refreshToken));
  expect((await readTokens(again)).accessToken).not.toBe(tokens.accessToken);
});
