import { text } from "node:stream/consumers";
import type { Browser, BrowserContextOptions, Locator, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { BROWSER_PATH, openBrowser } from "../support/browser.ts";
import { type DocsGateway, startDocsGateway } from "../support/docs-gateway.ts";
import { PIXEL } from "../support/docs-offer.ts";

const WIDE = { viewport: { width: 1280, height: 800 } };
const PHONE = { viewport: { width: 360, height: 740 } };
const MAX_WAIT_MS = 15_000;

describe.skipIf(BROWSER_PATH === undefined)("a person at the page of tools", () => {
  let docs: DocsGateway;
  let open: DocsGateway;
  let browser: Browser;
  /** What no page may cause: requests to elsewhere, failures of scripts, violations of a policy. */
  let faults: string[] = [];

  beforeAll(async () => {
    [docs, open, browser] = await Promise.all([
      startDocsGateway(),
      startDocsGateway({ openapi: { publicDocuments: true } }),
      openBrowser(),
    ]);
  });
  afterAll(async () => {
    await browser?.close();
    await Promise.all([docs?.stop(), open?.stop()]);
  });
  afterEach(async () => {
    await Promise.all(browser.contexts().map((context) => context.close()));
    const found = faults;
    faults = [];
    expect(found).toEqual([]);
  });

  async function openPage(
    path: string,
    options: BrowserContextOptions & { at?: DocsGateway } = {},
  ) {
    const { at = docs, ...others } = options;
    const { url } = at.gateway;
    const context = await browser.newContext({ ...WIDE, ...others });
    const page = await context.newPage();
    page.setDefaultTimeout(MAX_WAIT_MS);
    context.on("request", (request) => {
      if (!/^(data|blob):/.test(request.url()) && new URL(request.url()).origin !== url) {
        faults.push(`request to ${request.url()}`);
      }
    });
    page.on("pageerror", (error) => faults.push(error.message));
    page.on("console", (message) => {
      // Chromium notes every status of 400 and more; a refused key is one.
      const isStatus = message.text().startsWith("Failed to load resource: the server responded");
      if (message.type() === "error" && !isStatus) faults.push(message.text());
    });
    await page.goto(url + path);
    return page;
  }

  async function signIn(page: Page, { apiKey } = docs.gateway): Promise<void> {
    await page.getByLabel("API key").fill(apiKey);
    await page.getByRole("button", { name: "Continue" }).click();
  }

  /** A page behind the key. */
  async function openSignedIn(path: string, options: BrowserContextOptions = {}): Promise<Page> {
    const page = await openPage(path, options);
    await signIn(page);
    await page.getByLabel("Find a tool").waitFor();
    return page;
  }

  async function openTool(page: Page, name: string): Promise<Locator> {
    const tool = page.locator(`#tool-${name}`);
    await tool.locator("summary").click();
    return tool;
  }

  /** The line that says how it went. */
  async function run(tool: Locator): Promise<string> {
    await tool.getByRole("button", { name: "Run" }).click();
    return outcome(tool);
  }

  async function outcome(tool: Locator): Promise<string> {
    const line = tool.getByRole("status").filter({ hasText: "·" });
    return (await line.textContent()) ?? "";
  }

  function widthOf(page: Page): Promise<number> {
    return page.evaluate("document.documentElement.scrollWidth") as Promise<number>;
  }

  test("signs in after a wrong key, and goes on to a backend and back", async () => {
    const page = await openPage("/docs");
    expect(await page.textContent("body")).not.toContain("rooms");
    await page.getByLabel("API key").fill("mgw_wrong");
    await page.keyboard.press("Enter");
    await page.getByRole("alert").filter({ hasText: "does not know this key" }).waitFor();
    await signIn(page);
    await page.getByRole("link", { name: "rooms" }).click();
    await page.getByRole("heading", { name: "Rooms", level: 1 }).waitFor();
    expect(new URL(page.url()).pathname).toBe("/rooms/docs");
    expect(await page.title()).toBe("Rooms");
    await page.goBack();
    await page.getByRole("heading", { name: "time", exact: false, level: 2 }).waitFor();
    expect(await page.content()).not.toContain(docs.gateway.apiKey);
    expect(await page.evaluate("location.href + document.cookie")).toBe(`${docs.gateway.url}/docs`);
  });

  test("is told at once of what can be no key", async () => {
    const page = await openPage("/docs");
    await page.getByLabel("API key").fill("schlüssel");
    await page.keyboard.press("Enter");
    await page.getByRole("alert").filter({ hasText: "has characters no key has" }).waitFor();
  });

  test("is remembered in the tab where that was asked for, until they forget the key", async () => {
    const page = await openPage("/docs");
    await page.getByLabel("Remember in this tab").check();
    await signIn(page);
    await page.getByLabel("Find a tool").waitFor();
    await page.reload();
    await page.getByLabel("Find a tool").waitFor();
    await page.getByRole("button", { name: "Forget the key" }).click();
    await page.getByRole("heading", { name: "API key needed" }).waitFor();
    await page.reload();
    await page.getByRole("heading", { name: "API key needed" }).waitFor();
    expect(await page.evaluate("sessionStorage.length")).toBe(0);
  });

  test("is remembered also where a page is not there", async () => {
    const page = await openPage("/docs");
    await page.getByLabel("Remember in this tab").check();
    await signIn(page);
    await page.getByLabel("Find a tool").waitFor();
    await page.goto(`${docs.gateway.url}/none/docs`);
    await page.getByText("there is no such path").waitFor();
    await page.goto(`${docs.gateway.url}/docs`);
    await page.getByLabel("Find a tool").waitFor();
  });

  test("is asked again after a reload otherwise", async () => {
    const page = await openSignedIn("/docs");
    await page.reload();
    await page.getByRole("heading", { name: "API key needed" }).waitFor();
  });

  test("sees with another key what that one may see", async () => {
    const { url, ownerPassword } = docs.gateway;
    const made = await fetch(`${url}/admin/api/keys`, {
      method: "POST",
      headers: {
        authorization: `Basic ${btoa(`owner:${ownerPassword}`)}`,
        "content-type": "application/json",
      },
      body: JSON.stringify({ name: "time only", allow: ["time"] }),
    });
    const { key } = (await made.json()) as { key: string };
    const page = await openSignedIn("/docs");
    await page.getByRole("button", { name: "Use another key" }).click();
    await page.getByRole("dialog").getByLabel("API key").fill(key);
    await page.getByRole("dialog").getByRole("button", { name: "Continue" }).click();
    await page.locator("#tool-rooms_draw").waitFor({ state: "detached" });
    expect(await page.locator("#tool-time_convert_time").isVisible()).toBe(true);
    expect(await page.textContent("body")).not.toContain("rooms");
  });

  test("finds a tool by its words", async () => {
    const page = await openSignedIn("/docs");
    await page.getByLabel("Find a tool").fill("meeting ROOM");
    expect(await page.locator(".tool:visible").count()).toBe(1);
    expect(await page.textContent("#found")).toBe("1 tool");
    expect(await page.getByRole("heading", { name: "time", exact: true }).isVisible()).toBe(false);
    await page.getByLabel("Find a tool").fill("");
    expect(await page.locator(".tool:visible").count()).toBeGreaterThan(8);
  });

  test("comes to the tool that the address names", async () => {
    const page = await openSignedIn("/rooms/docs#draw");
    expect(await page.locator("#tool-draw").getAttribute("open")).not.toBeNull();
  });

  test("comes to the page by an address that names no tool", async () => {
    await openSignedIn("/rooms/docs#%E0%");
  });

  test("fills in fields, runs, and reads numbers as they were sent", async () => {
    const page = await openSignedIn("/rooms/docs");
    const tool = await openTool(page, "book_room");
    await tool.getByLabel("room", { exact: true }).selectOption("large");
    await tool.getByLabel("price").fill("9007199254740993");
    await tool.getByLabel("catering").selectOption("false");
    await tool.getByLabel("guests").fill('[{"name": "Ann", "role": "host"}]');
    await tool.getByLabel("extra").fill("free words");
    await tool.getByLabel("team").fill("Sales");
    const sent = page.waitForRequest((request) => request.method() === "POST");
    // In a field of text, Enter runs.
    await tool.getByLabel("team").press("Enter");
    expect((await sent).postData()).toBe(
      '{"room":"large","team":"Sales","price":9007199254740993,"catering":false,' +
        '"guests":[{"name": "Ann", "role": "host"}],"extra":"free words"}',
    );
    expect(await outcome(tool)).toMatch(/^200 · \d+ ms · .* · x-request-id \S+/);
    expect(await tool.getByLabel("Result").textContent()).toBe(
      '{\n  "id": 9007199254740993,\n  "room": "large"\n}',
    );
  });

  test("is told next to a field what is wrong with it", async () => {
    const page = await openSignedIn("/rooms/docs");
    const tool = await openTool(page, "book_room");
    await tool.getByLabel("price").fill("much");
    await tool.getByRole("button", { name: "Run" }).click();
    const price = tool.getByLabel("price");
    await tool.getByText("This is not a number").waitFor();
    expect(await price.getAttribute("aria-invalid")).toBe("true");
    await price.fill("");
    await tool.getByLabel("room", { exact: true }).selectOption("small");
    await tool.getByLabel("team").fill("Sales");
    await tool.getByLabel("hours").fill("99");
    await tool.getByLabel("guests").fill('[{"role": "x"}]');
    expect(await run(tool)).toMatch(/^422 /);
    const said = await tool.locator("tr", { hasText: "hours" }).locator(".problem").textContent();
    expect(said).toContain("8");
    expect(await tool.getByLabel("hours").getAttribute("aria-invalid")).toBe("true");
    const guests = await tool
      .locator("tr", { hasText: "guests" })
      .locator(".problem")
      .textContent();
    expect(guests?.split("\n").toSorted()).toMatchObject(
      [/^0\.name: /, /^0\.role: /].map((start) => expect.stringMatching(start)),
    );
    expect(await price.getAttribute("aria-invalid")).toBeNull();
  });

  test("writes the arguments as JSON and gets them back in fields", async () => {
    const page = await openSignedIn("/rooms/docs");
    const tool = await openTool(page, "book_room");
    await tool.getByLabel("team").fill("Sales");
    await tool.getByRole("button", { name: "Write as JSON" }).click();
    const whole = tool.getByLabel("All arguments as JSON");
    expect(await whole.inputValue()).toBe('{\n  "team": "Sales"\n}');
    await whole.fill('{"room": "small", "team": "Support", "hours": 3, "note": null}');
    await tool.getByRole("button", { name: "Write as JSON" }).click();
    await tool.getByText("can only be sent as JSON").waitFor();
    await whole.fill('{"room": "small", "team": "Support", "hours": 3}');
    await tool.getByRole("button", { name: "Write as JSON" }).click();
    expect(await tool.getByLabel("team").inputValue()).toBe("Support");
    expect(await tool.getByLabel("hours").inputValue()).toBe("3");
    expect(await whole.isVisible()).toBe(false);
  });

  test("copies a command that has no key in it", async () => {
    const page = await openSignedIn("/rooms/docs");
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    const tool = await openTool(page, "book_room");
    await tool.getByLabel("team").fill("Ann's");
    await tool.getByRole("button", { name: "Copy as curl" }).click();
    await tool.getByText("Copied").waitFor();
    const command = String(await page.evaluate("navigator.clipboard.readText()"));
    expect(command).toBe(
      [
        `curl '${docs.gateway.url}/rooms/book_room'`,
        `-H "Authorization: Bearer $KEY"`,
        "-H 'Content-Type: application/json'",
        String.raw`-d '{"team":"Ann'\''s"}'`,
      ].join(" \\\n  "),
    );
  });

  test("sees images, hears sounds, and reads text as it is", async () => {
    const page = await openSignedIn("/rooms/docs");
    const drawn = await openTool(page, "draw");
    expect(await run(drawn)).toMatch(/^200 /);
    const image = drawn.getByRole("img");
    expect(await image.getAttribute("src")).toBe(`data:image/png;base64,${PIXEL}`);
    const width = "document.querySelector('#tool-draw img').naturalWidth";
    await page.waitForFunction(`${width} === 1`);
    const spoken = await openTool(page, "speak");
    expect(await run(spoken)).toMatch(/^200 /);
    expect(await spoken.locator("audio").getAttribute("src")).toMatch(/^data:audio\/wav;base64,/);
    const listed = await openTool(page, "list_rooms");
    await run(listed);
    expect(await listed.getByLabel("Result").textContent()).toBe("small\nlarge");
  });

  test("reads what a tool says went wrong", async () => {
    const page = await openSignedIn("/rooms/docs");
    const tool = await openTool(page, "close_building");
    expect(await run(tool)).toMatch(/^500 /);
    expect(await tool.locator(".result > .problem").textContent()).toBe(
      "Cannot close: somebody is still inside",
    );
  });

  test("gets the beginning of a big result, then all of it, or a file", async () => {
    const page = await openSignedIn("/rooms/docs");
    const tool = await openTool(page, "many");
    await run(tool);
    const result = tool.getByLabel("Result");
    expect((await result.textContent())?.length).toBe(20_000);
    const [file] = await Promise.all([
      page.waitForEvent("download"),
      tool.getByRole("button", { name: "Download" }).click(),
    ]);
    expect(file.suggestedFilename()).toBe("result.json");
    await tool.getByRole("button", { name: /^Show all/ }).click();
    expect(await result.textContent()).toMatch(/"Room 1999"\n {2}\}\n\]$/);
  });

  test("downloads the document with the key", async () => {
    const page = await openSignedIn("/rooms/docs");
    const [file] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name: "Download openapi.json" }).click(),
    ]);
    expect(file.suggestedFilename()).toBe("openapi.json");
    expect(JSON.parse(await text(await file.createReadStream()))).toMatchObject({
      openapi: "3.1.0",
    });
  });

  test("opens the document itself with the key", async () => {
    const page = await openPage("/rooms/openapi.json");
    await signIn(page);
    await page.getByText('"openapi"').waitFor();
  });

  test("cancels a call that takes too long", async () => {
    const page = await openSignedIn("/slow/docs");
    const tool = await openTool(page, "call");
    await tool.getByRole("button", { name: "Run" }).click();
    await tool.getByText("Running…").waitFor();
    await tool.getByRole("button", { name: "Cancel" }).click();
    await tool.getByText("Cancelled").waitFor();
    expect(await tool.getByRole("button", { name: "Run" }).isEnabled()).toBe(true);
  });

  test("reads strangers' words as words", async () => {
    const page = await openSignedIn("/rooms/docs");
    const tool = await openTool(page, "hostile");
    expect(await run(tool)).toMatch(/^200 /);
    expect(await tool.textContent()).toContain("<img src=x onerror=");
    expect(await page.title()).toBe("Rooms");
    expect(await page.locator("img").count()).toBe(0);
  });

  test("reads a stranger's page as its text, and never as one of ours", async () => {
    const page = await openPage("/rooms/resources/page%3A%2F%2Flobby");
    await signIn(page);
    await page.getByText('data-path="/rooms/close_building"').waitFor();
    expect(await page.locator("form, button").count()).toBe(0);
  });

  test("lets the browser ask for the key, which then is in every request", async () => {
    const httpCredentials = { username: "anyone", password: docs.gateway.apiKey };
    const page = await openPage("/rooms/docs", { httpCredentials });
    await page.getByRole("link", { name: "let the browser ask" }).click();
    expect(await run(await openTool(page, "draw"))).toMatch(/^200 /);
    await page.getByRole("link", { name: "All backends" }).click();
    await page.getByRole("heading", { name: "rooms", level: 2 }).waitFor();
  });

  test("reads without a script what there is to read", async () => {
    const httpCredentials = { username: "anyone", password: docs.gateway.apiKey };
    const page = await openPage("/rooms/docs", { javaScriptEnabled: false, httpCredentials });
    await page.getByRole("link", { name: "let the browser ask" }).click();
    const tool = await openTool(page, "book_room");
    expect(await tool.getByText("Which of the two rooms").isVisible()).toBe(true);
    expect(await tool.getByLabel("team").isVisible()).toBe(false);
    expect(await page.getByRole("button").count()).toBe(0);
  });

  test("reads what the owner has opened, and is asked for the key to run it", async () => {
    const page = await openPage("/rooms/docs", { at: open });
    const tool = await openTool(page, "book_room");
    await tool.getByLabel("room", { exact: true }).selectOption("small");
    await tool.getByLabel("team").fill("Sales");
    await tool.getByRole("button", { name: "Run" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("API key").fill("wrong");
    await dialog.getByRole("button", { name: "Continue" }).click();
    await dialog.getByRole("alert").filter({ hasText: "does not know this key" }).waitFor();
    await dialog.getByLabel("API key").fill(open.gateway.apiKey);
    await dialog.getByRole("button", { name: "Continue" }).click();
    expect(await outcome(tool)).toMatch(/^200 /);
    expect(await tool.getByLabel("team").inputValue()).toBe("Sales");
  });

  test("has no key at hand and goes on reading", async () => {
    const page = await openPage("/rooms/docs", { at: open });
    await (await openTool(page, "draw")).getByRole("button", { name: "Run" }).click();
    await page.getByRole("button", { name: "Not now" }).click();
    expect(await page.getByRole("dialog").isVisible()).toBe(false);
  });

  test("has nothing wider than their phone, by day and by night", async () => {
    const page = await openPage("/docs", { ...PHONE, colorScheme: "dark" });
    expect(await widthOf(page)).toBe(360);
    await signIn(page);
    await page.getByLabel("Find a tool").waitFor();
    expect(await widthOf(page)).toBe(360);
    await page.getByRole("link", { name: "rooms" }).click();
    await page.getByRole("heading", { name: "Rooms", level: 1 }).waitFor();
    for (const name of ["book_room", "close_building", "many", "hostile"]) {
      const tool = await openTool(page, name);
      await tool.getByRole("button", { name: "Run" }).click();
      await outcome(tool);
    }
    expect(await widthOf(page)).toBe(360);
    const background = "getComputedStyle(document.body).backgroundColor";
    expect(await page.evaluate(background)).toBe("rgb(21, 24, 29)");
    await page.emulateMedia({ colorScheme: "light" });
    expect(await page.evaluate(background)).toBe("rgb(255, 255, 255)");
  });
});
