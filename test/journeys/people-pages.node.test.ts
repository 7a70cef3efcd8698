import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BROWSER_PATH, openBrowser } from "../support/browser.ts";
import { fitsWidth, seriousFaults } from "../support/check-accessibility.ts";
import { freePort } from "../support/child.ts";
import type { Fixture } from "../support/loopback-server.ts";
import { startOAuthBackends } from "../support/oauth-backends.ts";
import {
  authorizeUrl,
  codeForm,
  postToken,
  readTokens,
  refreshForm,
  register,
} from "../support/oauth-flow.ts";
import { type OpenIdProvider, startOpenIdProvider } from "../support/openid-provider.ts";
import { type StartedGateway, startGateway } from "../support/start-gateway.ts";

const DESKTOP = { width: 1280, height: 800 };
const PHONE = { width: 360, height: 740 };

describe.skipIf(BROWSER_PATH === undefined)("people at the pages of a gateway", () => {
  let folder: string;
  let provider: OpenIdProvider;
  let services: Fixture;
  let gateway: StartedGateway;
  let browser: Browser;
  let client: Server;
  let callback: string;
  let owner: Page;
  let link: string;
  let person: BrowserContext;
  /** Of Ann, where her own pages are. */
  let page: Page;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "gateway-people-pages-"));
    const [port, clientPort] = [await freePort(), await freePort()];
    callback = `http://127.0.0.1:${clientPort}/callback`;
    client = createServer((_, response) => response.end("connected")).listen(
      clientPort,
      "127.0.0.1",
    );
    [provider, services] = await Promise.all([
      startOpenIdProvider([`http://127.0.0.1:${port}/me/callback/home`]),
      startOAuthBackends(),
      once(client, "listening"),
    ]);
    const { issuer, clientId, clientSecret } = provider;
    const config = join(folder, "mcp.json");
    writeFileSync(
      config,
      JSON.stringify({
        mcpServers: {
          time: { builtin: "time" },
          clock: { builtin: "time" },
          notes: { url: `${services.url}/notes/mcp`, credentials: "per-user" },
        },
        signIn: { providers: { home: { issuer, clientId, clientSecret, label: "Home" } } },
      }),
    );
    [gateway, browser] = await Promise.all([
      startGateway(["--config", config], { port }),
      openBrowser(),
    ]);
    owner = await browser.newPage({ viewport: DESKTOP });
    // Everything a person does works on a phone and without a script.
    person = await browser.newContext({ viewport: PHONE, javaScriptEnabled: false });
    page = await person.newPage();
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    client?.close();
    provider?.stop();
    await services?.close();
    await gateway?.stop();
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  });

  async function toolsWith(credential: string): Promise<readonly string[] | number> {
    const response = await fetch(`${gateway.url}/mcp`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${credential}`,
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
      },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list", params: {} }),
    });
    const text = await response.text();
    if (response.status !== 200) return response.status;
    const message = JSON.parse(text.replace(/^[^]*?data: /, "")) as {
      result: { tools: { name: string }[] };
    };
    return message.result.tools.map(({ name }) => name);
  }

  test("the owner signs in and invites somebody", async () => {
    await owner.goto(`${gateway.url}/admin/people`);
    await owner.fill("#password", gateway.ownerPassword);
    await owner.click("button.main");
    expect(new URL(owner.url()).pathname).toBe("/admin/people");
    await owner.click("text=Invite somebody");
    await owner.fill("#name", "Ann");
    await owner.fill("#email", "ann@example.com");
    await owner.click("text=Create, and make a link");
    link = (await owner.textContent("#link")) ?? "";
    expect(link).toMatch(/\/me\/join\?code=/);
    await owner.click("button[data-copy=link]");
    await owner.waitForSelector("text=/Copied|Marked/");
  });

  test("who comes in with a provider, and finds the way back", async () => {
    await page.goto(link);
    expect(await page.textContent("h1")).toBe("Welcome, Ann");
    await page.click("text=Continue with Home");
    await page.waitForURL(`${provider.issuer}/**`);
    await page.fill("input[name=login]", "ann@example.com");
    await page.fill("input[name=password]", "any");
    await page.click("button[type=submit]");
    await page.click("button[type=submit]");
    await page.waitForURL(`${gateway.url}/me**`);
    expect(await page.textContent("h1")).toBe("Ann");
    expect(await fitsWidth(owner)).toBe(true);
    await page.goto(`${gateway.url}/admin/people`);
    expect(await page.textContent("body")).toContain("you are not an admin");
  });

  let tokens: Awaited<ReturnType<typeof readTokens>>;
  let clientId: string;

  test("lets a client in, to one backend", async () => {
    const registered = await register(fetch, gateway.url, [callback]);
    ({ clientId } = registered);
    const asked = await authorizeUrl(gateway.url, registered);
    await page.goto(asked.url.href);
    expect(await page.textContent("body")).toContain("Signed in as Ann (ann@example.com)");
    await page.check("input[name=backends][value=some]");
    await page.uncheck("input[name=backend][value=time]");
    await page.uncheck("input[name=backend][value=notes]");
    await page.click("button[value=approve]");
    await page.waitForURL(`${callback}**`);
    const code = new URL(page.url()).searchParams.get("code") ?? "";
    const form = codeForm(registered, code, asked.verifier);
    tokens = await readTokens(await postToken(fetch, gateway.url, form));
    expect(await toolsWith(tokens.accessToken)).toEqual([
      "clock_convert_time",
      "clock_get_current_time",
    ]);
    await page.goto(`${gateway.url}/me/clients`);
    expect(await page.textContent("tbody")).toMatch(/Test client.*clock/s);
  });

  let key: string;

  test("makes a key, and logs in to a service of her own", async () => {
    await page.goto(`${gateway.url}/me/keys/new`);
    await page.fill("#name", "laptop");
    await page.check("input[name=scope][value=some]");
    await page.check("input[name=allow][value=notes]");
    await page.click("text=Create the key");
    key = (await page.textContent("#secret")) ?? "";
    await expect
      .poll(() => toolsWith(key), { timeout: 10_000, interval: 250 })
      .toEqual(["notes_log_in"]);

    await page.goto(`${gateway.url}/me`);
    await page.click("text=Log in to notes");
    await page.click("button.main");
    await page.waitForURL(`${gateway.url}/me/logins?done=notes`);
    expect(await page.textContent("tbody")).toContain("logged in");
    await expect
      .poll(() => toolsWith(key), { timeout: 10_000, interval: 250 })
      .toEqual(["notes_only_somebody", "notes_whoami"]);
  });

  test("finds every page sound, on a phone and at a desk, in light and dark", async () => {
    await owner.goto(`${gateway.url}/admin/people`);
    const ann = (await owner.getAttribute("tbody a", "href")) ?? "";
    await owner.goto(`${gateway.url}/admin/keys`);
    const annsKey = (await owner.getAttribute("tbody a", "href")) ?? "";
    const asked = await authorizeUrl(gateway.url, await register(fetch, gateway.url, [callback]));
    const paths = {
      owner: [
        "/admin/people",
        "/admin/people/new",
        ann,
        `${ann}/remove`,
        "/admin/keys",
        "/admin/keys/new",
        annsKey,
        "/admin/clients",
        "/admin/connect",
        "/admin/nothing",
      ],
      person: [
        "/me",
        "/me/keys",
        "/me/keys/new",
        "/me/clients",
        "/me/logins",
        "/me/logins/notes",
        "/me/connect",
        asked.url.href.slice(gateway.url.length),
      ],
      stranger: [
        "/",
        "/me/sign-in",
        "/me/join?code=none",
        asked.url.href.slice(gateway.url.length),
      ],
    };
    const cookies = {
      owner: await owner.context().cookies(),
      person: await person.cookies(),
      stranger: [],
    };
    const faults: string[] = [];
    for (const who of ["owner", "person", "stranger"] as const) {
      // oxlint-disable no-await-in-loop -- one page at a time
      const context = await browser.newContext();
      await context.addCookies(cookies[who]);
      const shown = await context.newPage();
      for (const [index, path] of paths[who].entries()) {
        await shown.goto(gateway.url + path);
        await shown.evaluate(
          "document.querySelectorAll('details').forEach((one) => { one.open = true })",
        );
        await shown.setViewportSize(PHONE);
        if (!(await fitsWidth(shown))) faults.push(`${path} is wider than a phone`);
        // Every other page in the other look: what they share is seen in both.
        const isDesk = index % 2 === 0;
        if (isDesk) await shown.setViewportSize(DESKTOP);
        await shown.emulateMedia({ colorScheme: isDesk ? "dark" : "light" });
        for (const fault of await seriousFaults(shown)) faults.push(`${path} ${fault}`);
      }
      await context.close();
      // oxlint-enable no-await-in-loop
    }
    expect(faults).toEqual([]);
  });

  test("is removed, and all that was hers is dead within 5 s", async () => {
    await owner.goto(`${gateway.url}/admin/people`);
    await owner.click("tbody a");
    const shown = (await owner.textContent("main")) ?? "";
    expect(shown).toMatch(/Test client[^]*laptop[^]*notes logged in/);
    await owner.click("text=Remove…");
    await owner.click("button.danger");
    expect(new URL(owner.url()).pathname).toBe("/admin/people");
    expect(await owner.textContent("main")).toContain("There is nobody yet");
    const state = async (): Promise<readonly unknown[]> => [
      await toolsWith(tokens.accessToken),
      await toolsWith(key),
      (await page.goto(`${gateway.url}/me`))?.url().split("?")[0],
    ];
    await expect
      .poll(state, { timeout: 5_000, interval: 200 })
      .toEqual([401, 401, `${gateway.url}/me/sign-in`]);
    const form = refreshForm({ clientId, redirectUri: callback }, tokens.refreshToken);
    expect((await postToken(fetch, gateway.url, form)).status).toBe(400);
    const keys = await owner.goto(`${gateway.url}/admin/keys`);
    expect(await keys?.text()).not.toContain("laptop");
  });
});
