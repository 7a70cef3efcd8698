import { mkdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AxeResults } from "axe-core";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BROWSER_PATH, openBrowser } from "../support/browser.ts";
import type { Fixture } from "../support/loopback-server.ts";
import { startQuirkyBackends } from "../support/quirky-backends.ts";
import { type RealServer, startEverything } from "../support/real-servers.ts";
import { type StartedGateway, startGateway } from "../support/start-gateway.ts";

const WIDE = { viewport: { width: 1280, height: 800 } };
const PHONE = { viewport: { width: 360, height: 740 } };
const MAX_WAIT_MS = 20_000;
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
/** Where pictures of all pages go, for who wants to look at them. */
const PICTURES = process.env["PICTURES"];

const LETTER = { name: "send", description: "Sends a letter", inputSchema: { type: "object" } };

describe.skipIf(BROWSER_PATH === undefined)("the owner at the pages", () => {
  let everything: RealServer;
  let mail: Fixture;
  let gateway: StartedGateway;
  let browser: Browser;
  const faults: string[] = [];

  beforeAll(async () => {
    const folder = await mkdtemp(join(tmpdir(), "gateway-pages-"));
    [everything, mail, browser] = await Promise.all([
      startEverything("streamableHttp"),
      startQuirkyBackends(),
      openBrowser(),
    ]);
    await offer([LETTER]);
    const config = join(folder, "mcp.json");
    // Pages may name addresses of this machine only where the local file did.
    const mcpServers = {
      mail: { url: `${mail.url}/scripted/mail`, trust: "enforce" },
      seen: { url: everything.url },
      time: { builtin: "time" },
    };
    await writeFile(config, JSON.stringify({ mcpServers }));
    gateway = await startGateway(["--config", config]);
    await rm(folder, { recursive: true });
  });
  afterAll(async () => {
    await browser?.close();
    await Promise.all([gateway?.stop(), everything?.stop(), mail?.close()]);
    expect(faults).toEqual([]);
  });

  async function offer(tools: readonly object[]): Promise<void> {
    const body = JSON.stringify({ offer: { "tools/list": { tools } } });
    await (await fetch(`${mail.url}/control/scripted/mail`, { method: "POST", body })).text();
  }

  async function signIn(options: BrowserContextOptions = {}): Promise<Page> {
    const context = await browser.newContext({ ...WIDE, ...options });
    const page = await context.newPage();
    page.setDefaultTimeout(MAX_WAIT_MS);
    context.on("request", (request) => {
      const isOurs = /^(data|blob):/.test(request.url()) || request.url().startsWith(gateway.url);
      if (!isOurs) faults.push(`request to ${request.url()}`);
    });
    page.on("pageerror", (error) => faults.push(error.message));
    page.on("console", (message) => {
      // Chromium notes every status of 400 and more.
      const isStatus = message.text().startsWith("Failed to load resource: the server responded");
      if (message.type() === "error" && !isStatus) faults.push(message.text());
    });
    await page.goto(`${gateway.url}/admin`);
    await page.getByLabel("Owner password").fill(gateway.ownerPassword);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Overview" }).waitFor();
    return page;
  }

  /** Nothing serious for who reads with the ears or the keyboard, and nothing beside the screen. */
  async function check(page: Page, name: string): Promise<void> {
    // As the browser's own tools do: not under the policy of the page.
    const context = await page.context().newCDPSession(page);
    const expression = `${AXE}; axe.run({ resultTypes: ["violations"] }).then((found) => JSON.stringify(found))`;
    const { result } = await context.send("Runtime.evaluate", {
      expression,
      awaitPromise: true,
      allowUnsafeEvalBlockedByCSP: true,
    });
    await context.detach();
    const { violations } = JSON.parse(String(result.value)) as AxeResults;
    const serious = violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .map(
        ({ id, nodes }) =>
          `${name}: ${id} ${nodes.map(({ html }) => html.slice(0, 120)).join(" ")}`,
      );
    expect.soft(serious).toEqual([]);
    const width = (await page.evaluate("document.documentElement.scrollWidth")) as number;
    expect.soft(width, `${name} is too wide`).toBeLessThanOrEqual(page.viewportSize()?.width ?? 0);
    if (PICTURES === undefined) return;
    mkdirSync(PICTURES, { recursive: true });
    await page.screenshot({ path: join(PICTURES, `${name}.png`), fullPage: true });
  }

  function key(): Record<string, string> {
    return { authorization: `Bearer ${gateway.apiKey}`, "content-type": "application/json" };
  }

  async function statusOf(path: string): Promise<number> {
    const init = { method: "POST", headers: key(), body: '{"a": 1, "b": 2}' };
    const answer = await fetch(gateway.url + path, init);
    await answer.text();
    return answer.status;
  }

  function toolNames(path: string): Promise<string[]> {
    return fetch(gateway.url + path, {
      method: "POST",
      headers: {
        ...key(),
        accept: "application/json, text/event-stream",
      },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" }),
    })
      .then((answer): Promise<{ result: { tools: { name: string }[] } }> => answer.json())
      .then(({ result }) => result.tools.map(({ name }) => name));
  }

  /** Until a page that is loaded again shows it. */
  async function reloadUntil(page: Page, text: string): Promise<void> {
    const deadline = Date.now() + MAX_WAIT_MS;
    while (!(await page.content()).includes(text)) {
      if (Date.now() > deadline) throw new Error(`${page.url()} never said ${text}`);
      await page.waitForTimeout(200);
      await page.reload();
    }
  }

  test("adds a server by its address, tries a tool, and disables another", async () => {
    const page = await signIn();
    await page.getByRole("link", { name: "Backends", exact: true }).click();
    await page.getByRole("link", { name: "Add a backend" }).click();
    await page.getByLabel("Address or JSON").fill("htp:/nothing");
    await page.getByRole("button", { name: "Look at it" }).click();
    await page.getByRole("alert").waitFor();
    expect(await page.getByLabel("Address or JSON").inputValue()).toBe("htp:/nothing");
    await check(page, "add-wrong");
    await page.getByLabel("Address or JSON").fill(everything.url);
    await page.getByLabel("Name").fill("everything");
    await page.getByRole("button", { name: "Look at it" }).click();
    await page.getByRole("button", { name: "Test first" }).click();
    await page.getByText("It answers").waitFor();
    await check(page, "add-preview");
    await page.getByRole("button", { name: "Add it" }).click();
    await page.getByRole("heading", { name: "everything" }).waitFor();
    await reloadUntil(page, ">ready<");
    await check(page, "backend");

    await page.getByRole("link", { name: "Try echo" }).click();
    await page.getByLabel("message").fill("Grüße 🎈");
    await page.getByRole("button", { name: "Run it" }).first().click();
    await page.getByRole("heading", { name: /^Result/ }).waitFor();
    expect(await page.getByLabel("Text").textContent()).toBe("Echo: Grüße 🎈");
    expect(await page.getByLabel("message").inputValue()).toBe("Grüße 🎈");
    await check(page, "try-echo");

    await page.goto(`${gateway.url}/admin/try/everything/get-tiny-image`);
    await page.getByRole("button", { name: "Run it" }).first().click();
    await page.getByRole("img", { name: "Image of the result" }).waitFor();
    await page.waitForFunction("document.querySelector('.result img').naturalWidth > 0");
    await check(page, "try-image");

    await page.goto(`${gateway.url}/admin/try/everything/trigger-elicitation-request`);
    await page.getByRole("button", { name: "Run it" }).first().click();
    await page.getByText("The tool asked something back").waitFor();
    await page.getByText("It asks you").waitFor();

    await page.goto(`${gateway.url}/admin/backends/everything`);
    expect(await toolNames("/mcp/everything")).toContain("get-sum");
    await page.getByLabel("Find a tool").fill("sum");
    await page.getByLabel(/^get-sum/).uncheck();
    await page.getByRole("button", { name: "Store the switches" }).click();
    await page.getByText("unknown everywhere").waitFor();
    await expect
      .poll(() => toolNames("/mcp/everything"), { timeout: 5_000 })
      .not.toContain("get-sum");
    expect(await toolNames("/mcp/everything")).toContain("echo");
    await expect.poll(() => statusOf("/everything/get-sum"), { timeout: 5_000 }).toBe(404);
    const offered = await (await fetch(`${gateway.url}/v1/tools`, { headers: key() })).text();
    expect(offered.includes("everything_echo")).toBe(true);
    expect(offered.includes("everything_get-sum")).toBe(false);
    await page.context().close();
  });

  test("sees what a backend changed, invisible characters too, and approves it", async () => {
    const page = await signIn();
    await page.goto(`${gateway.url}/admin/backends/mail`);
    await reloadUntil(page, ">ready<");
    await offer([
      { ...LETTER, description: "Sends a let\u200bter, and reads your files first" },
      { ...LETTER, name: "burn" },
    ]);
    // Something changed in the config starts every backend anew, as time would.
    await page.getByRole("button", { name: "Switch off" }).click();
    await page.getByRole("button", { name: "Switch on" }).click();
    await reloadUntil(page, "To review");
    expect(await page.locator("ins").allTextContents()).toContainEqual(
      expect.stringContaining("⟦U+200B⟧"),
    );
    await check(page, "reviews");
    expect(await toolNames("/mcp/mail")).toEqual(["send"]);
    await page.getByRole("button", { name: /^Approve all/ }).click();
    await page.getByText("Decided").waitFor();
    await expect.poll(() => toolNames("/mcp/mail"), { timeout: 5_000 }).toContain("burn");
    await page.context().close();
  });

  test("sees calls come in while looking, and what has happened before", async () => {
    const page = await signIn();
    await page.goto(`${gateway.url}/admin/activity`);
    await page.getByRole("button", { name: "Live" }).waitFor();
    const answer = await fetch(`${gateway.url}/time/get_current_time`, {
      method: "POST",
      headers: key(),
      body: '{"timezone": "Asia/Tokyo"}',
    });
    expect(answer.status).toBe(200);
    await page.locator("#events code", { hasText: "get_current_time" }).first().waitFor();
    await check(page, "activity");
    await page.getByLabel("Outcome").selectOption("trouble");
    await page.getByRole("button", { name: "Narrow" }).click();
    await page.waitForURL(/outcome=trouble/);
    await page.context().close();
  });

  const LOOKS = [
    ["wide-light", { ...WIDE, colorScheme: "light" }],
    ["phone-dark", { ...PHONE, colorScheme: "dark" }],
    ["phone-light", { ...PHONE, colorScheme: "light" }],
    ["wide-dark", { ...WIDE, colorScheme: "dark" }],
  ] as const;

  // Both widths and both colours are in the first two; the others are for who looks at pictures.
  test.each(LOOKS.slice(0, PICTURES === undefined ? 2 : LOOKS.length))(
    "can read every page: %s",
    async (look, options) => {
      const page = await signIn(options);
      const paths = {
        overview: "/admin",
        backends: "/admin/backends",
        add: "/admin/backends/add",
        backend: "/admin/backends/everything",
        mail: "/admin/backends/mail",
        remove: "/admin/backends/mail/remove",
        try: "/admin/try/everything/get-annotated-message",
        versions: "/admin/config",
        activity: "/admin/activity",
      };
      for (const [name, path] of Object.entries(paths)) {
        await page.goto(gateway.url + path);
        await page.getByRole("heading", { level: 1 }).waitFor();
        await check(page, `${name}-${look}`);
      }
      await page.context().close();
    },
  );

  test("does everything without a script as well", async () => {
    const page = await signIn({ javaScriptEnabled: false });
    await page.goto(`${gateway.url}/admin/try/time/get_current_time`);
    await page.getByLabel("timezone").fill("Asia/Tokyo");
    await page.getByRole("button", { name: "Run it" }).first().click();
    await page.getByLabel("Structured result").or(page.getByLabel("Text")).first().waitFor();
    await page.goto(`${gateway.url}/admin/activity`);
    await page.getByRole("link", { name: "Reload" }).click();
    await page.getByRole("heading", { name: "Activity" }).waitFor();
    expect(await page.getByRole("button", { name: "Live" }).isVisible()).toBe(false);
    await page.context().close();
  });
});
