import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freePort } from "../support/child.ts";
import {
  authorizeUrl,
  codeForm,
  postToken,
  readTokens,
  redirectOf,
  register,
} from "../support/oauth-flow.ts";
import {
  type OpenIdProvider,
  PlainBrowser,
  startOpenIdProvider,
} from "../support/openid-provider.ts";
import { type StartedGateway, startGateway } from "../support/start-gateway.ts";

let folder: string;
let provider: OpenIdProvider;
let gateway: StartedGateway;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "gateway-people-"));
  const port = await freePort();
  provider = await startOpenIdProvider([`http://127.0.0.1:${port}/me/callback/home`]);
  const config = join(folder, "mcp.json");
  const { issuer, clientId, clientSecret } = provider;
  writeFileSync(
    config,
    JSON.stringify({
      mcpServers: { time: { builtin: "time" }, clock: { builtin: "time" } },
      signIn: {
        providers: {
          home: { issuer, clientId, clientSecret, allow: ["@example.com"], label: "Home" },
        },
      },
    }),
  );
  gateway = await startGateway(["--config", config], { port });
}, 90_000);

afterAll(async () => {
  await gateway?.stop();
  provider?.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function asOwner<Body>(path: string, init: RequestInit = {}): Promise<Body> {
  const authorization = `Basic ${btoa(`owner:${gateway.ownerPassword}`)}`;
  const response = await fetch(gateway.url + path, { ...init, headers: { authorization } });
  const text = await response.text();
  return (text === "" ? undefined : JSON.parse(text)) as Body;
}

test("signs in at a real provider, allows a client one backend, and is gone when removed", async () => {
  const browser = new PlainBrowser();
  const registered = await register(fetch, gateway.url, ["http://127.0.0.1:9/callback"]);
  const asked = await authorizeUrl(gateway.url, registered);
  const stranger = await (await browser.ask(asked.url.href)).text();
  const signIn = /href="(\/me\/sign-in\?[^"]*)"/.exec(stranger)?.[1] ?? "";
  const page = await (await browser.ask(gateway.url + signIn.replaceAll("&amp;", "&"))).text();
  const link = /href="(\/me\/sign-in\/home[^"]*)"/.exec(page)?.[1] ?? "";
  expect(page).toContain("Continue with Home");

  const consent = await browser.signIn(
    gateway.url + link.replaceAll("&amp;", "&"),
    provider,
    "ann@example.com",
  );
  const html = await consent.text();
  expect(html).toContain("Signed in as <strong>ann</strong> (ann@example.com)");
  const field = (name: string): string =>
    new RegExp(`name="${name}" value="([^"]*)"`).exec(html)?.[1] ?? "";
  const decided = await browser.ask(asked.url.href, {
    handle: field("handle"),
    form_token: field("form_token"),
    decision: "approve",
    backends: "some",
    backend: "clock",
  });
  const code = redirectOf(decided).searchParams.get("code") ?? "";
  expect(code).toMatch(/^u-[0-9a-f]{20}:/);
  const form = codeForm(registered, code, asked.verifier);
  const { accessToken } = await readTokens(await postToken(fetch, gateway.url, form));

  const client = new Client({ name: "journey", version: "1" });
  const requestInit = { headers: { authorization: `Bearer ${accessToken}` } };
  const open = () =>
    new StreamableHTTPClientTransport(new URL(`${gateway.url}/mcp`), { requestInit });
  await client.connect(open());
  const { tools } = await client.listTools();
  expect(tools.map(({ name }) => name)).toEqual(["clock_convert_time", "clock_get_current_time"]);
  const called = await client.callTool({
    name: "clock_get_current_time",
    arguments: { timezone: "UTC" },
  });
  expect(JSON.stringify(called)).toContain("UTC");
  await client.close();

  const { users } = await asOwner<{ users: { id: string; email: string }[] }>("/admin/api/users");
  expect(users).toMatchObject([{ email: "ann@example.com" }]);
  await asOwner(`/admin/api/users/${users[0]?.id}`, { method: "DELETE" });
  const again = (): Promise<number> =>
    fetch(`${gateway.url}/status`, requestInit).then(({ status }) => status);
  await expect.poll(again, { timeout: 5_000, interval: 200 }).toBe(401);
  expect((await browser.ask(`${gateway.url}/me`)).status).toBe(303);
});

test("keeps somebody out whom the provider knows and nobody here", async () => {
  const browser = new PlainBrowser();
  const page = await browser.signIn(
    `${gateway.url}/me/sign-in/home?next=/me`,
    provider,
    "eve@elsewhere.example",
  );
  expect(page.status).toBe(403);
  expect(await page.text()).toContain("you are not on the list");
  expect((await asOwner<{ users: object[] }>("/admin/api/users")).users).toEqual([]);
});
