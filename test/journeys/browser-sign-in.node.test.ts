import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BROWSER_PATH, openBrowser } from "../support/browser.ts";
import { freePort } from "../support/child.ts";
import { authorizeUrl, codeForm, postToken, readTokens, register } from "../support/oauth-flow.ts";
import { type StartedGateway, startGateway } from "../support/start-gateway.ts";

describe.skipIf(BROWSER_PATH === undefined)("a person at the consent page", () => {
  let gateway: StartedGateway;
  let browser: Browser;
  let client: Server;
  let callback: string;

  beforeAll(async () => {
    const port = await freePort();
    callback = `http://127.0.0.1:${port}/callback`;
    client = createServer((_, response) => response.end("signed in")).listen(port, "127.0.0.1");
    await once(client, "listening");
    [gateway, browser] = await Promise.all([startGateway(), openBrowser()]);
  });
  afterAll(async () => {
    await browser?.close();
    client?.close();
    await gateway?.stop();
  });

  test("signs in on a phone without scripts, after one wrong password", async () => {
    const context = await browser.newContext({
      viewport: { width: 360, height: 740 },
      javaScriptEnabled: false,
    });
    const page = await context.newPage();
    const registered = await register(fetch, gateway.url, [callback]);
    const asked = await authorizeUrl(gateway.url, registered);
    await page.goto(asked.url.href);
    expect(await page.textContent("body")).toContain("127.0.0.1");
    const width = await page.locator("body").boundingBox();
    expect(width?.width).toBeLessThanOrEqual(360);

    await page.fill("input[type=password]", "not the password");
    await page.click("button[value=approve]");
    expect(await page.textContent("body")).toContain("Wrong owner password");

    await page.fill("input[type=password]", gateway.ownerPassword);
    await page.click("button[value=approve]");
    // Chromium applies form-action to the redirect too: the policy has to allow the client.
    await page.waitForURL(`${callback}**`);
    const code = new URL(page.url()).searchParams.get("code") ?? "";
    const form = codeForm(registered, code, asked.verifier);
    const tokens = await readTokens(await postToken(fetch, gateway.url, form));
    expect(tokens.accessToken).not.toBe("");
    await context.close();
  });

  test("can say no", async () => {
    const page = await browser.newPage();
    const registered = await register(fetch, gateway.url, [callback]);
    await page.goto((await authorizeUrl(gateway.url, registered)).url.href);
    await page.click("button[value=deny]");
    await page.waitForURL(`${callback}**`);
    expect(new URL(page.url()).searchParams.get("error")).toBe("access_denied");
    await page.close();
  });
});
