import { exports } from "cloudflare:workers";
import { expect, test } from "vitest";
import { ORIGIN, OWNER_PASSWORD, send, sendAuthorized } from "../support/worker.ts";
import { obtainTokens, postToken, type Fetch } from "../support/oauth-flow.ts";

const front: Fetch = (request) => exports.default.fetch(request);

const LIST = {
  method: "POST",
  headers: {
    "content-type": "application/json",
    accept: "application/json, text/event-stream",
    "mcp-protocol-version": "2025-11-25",
  },
  body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" }),
};

function listWith(token: string, path = "/mcp"): Promise<Response> {
  return send(path, { ...LIST, headers: { ...LIST.headers, authorization: `Bearer ${token}` } });
}

test("leads a client from the challenge to its first list of tools", async () => {
  const refused = await send("/mcp", LIST);
  expect(refused.status).toBe(401);
  expect(await refused.text()).toBe("");
  const challenge = refused.headers.get("www-authenticate") ?? "";
  const where = /resource_metadata="([^"]+)"/.exec(challenge)?.[1] ?? "";
  const found = await send(where.slice(ORIGIN.length));
  const { resource }: { resource: string } = await found.json();
  expect(resource).toBe(`${ORIGIN}/mcp`);
  const { accessToken } = await obtainTokens(front, ORIGIN, OWNER_PASSWORD, resource);
  const listed = await listWith(accessToken);
  expect(listed.status).toBe(200);
  expect(await listed.text()).toContain('"tools"');
});

function modelsWith(token: string): Promise<Response> {
  return send("/v1/models", { headers: { authorization: `Bearer ${token}` } });
}

test("keeps a token to its own surface", async () => {
  const mcp = await obtainTokens(front, ORIGIN, OWNER_PASSWORD);
  const v1 = await obtainTokens(front, ORIGIN, OWNER_PASSWORD, `${ORIGIN}/v1`);
  expect((await modelsWith(v1.accessToken)).status).toBe(200);
  expect((await modelsWith(mcp.accessToken)).status).toBe(401);
  expect((await listWith(v1.accessToken)).status).toBe(401);
  const admin = await send("/admin/api/config", {
    headers: { authorization: `Bearer ${mcp.accessToken}` },
  });
  expect([401, 403]).toContain(admin.status);
});

test("stops a revoked token on the isolate that knew it", async () => {
  const { client, accessToken, refreshToken } = await obtainTokens(front, ORIGIN, OWNER_PASSWORD);
  const form = { client_id: client.clientId, token: refreshToken };
  expect((await postToken(front, ORIGIN, form, "/oauth/revoke")).status).toBe(200);
  expect((await listWith(accessToken)).status).toBe(401);
});

test("takes no notice of headers that name another path, host or method", async () => {
  for (const headers of [
    { "x-original-url": "/health" },
    { "x-rewrite-url": "/health" },
    { "x-http-method-override": "OPTIONS" },
    { "x-forwarded-host": "evil.example.com" },
  ]) {
    const answer = await send("/mcp", { ...LIST, headers: { ...LIST.headers, ...headers } });
    expect(answer.status).toBe(401);
    expect(answer.headers.get("www-authenticate")).toContain(`${ORIGIN}/.well-known/`);
    await answer.body?.cancel();
  }
});

test("answers no page for an address nobody serves", async () => {
  for (const path of ["/.well-known/nothing", "/oauth/nothing", "/oauth/introspect"]) {
    const answer = await sendAuthorized(path);
    expect(answer.status, path).toBe(404);
    expect(answer.headers.get("content-type") ?? "").not.toContain("text/html");
    await answer.body?.cancel();
  }
});

test("refuses a host that is not ours before anything else", async () => {
  for (const path of ["/mcp", "/.well-known/oauth-authorization-server", "/oauth/authorize"]) {
    const answer = await front(new Request(`https://evil.example.com${path}`));
    expect([403, 421], path).toContain(answer.status);
    await answer.body?.cancel();
  }
});
