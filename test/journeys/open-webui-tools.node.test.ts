import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import { BROWSER_PATH, openBrowser } from "../support/browser.ts";
import { freePort } from "../support/child.ts";
import { DOCS_OFFER, PIXEL } from "../support/docs-offer.ts";
import { fetchDocument } from "../support/fetch-document.ts";
import { listenOnLoopback } from "../support/loopback-server.ts";
import { connectToolServer, routeOf, type ToolServer } from "../support/open-webui-tool-server.ts";
import { startQuirkyBackends } from "../support/quirky-backends.ts";
import { type StartedGateway, startGateway } from "../support/start-gateway.ts";

/** The gateway as an OpenAPI tool server of Open WebUI, entered by an administrator or by a user. */

const cleanup = new AsyncDisposableStack();
let gateway: StartedGateway;
let open: StartedGateway;
let backends: string;

/** A tool that takes whatever it is given. */
const FORMS_OFFER = {
  "tools/list": {
    tools: [{ name: "fill", inputSchema: { type: "object", additionalProperties: true } }],
  },
  "tools/call fill": { content: [{ type: "text", text: "filled in" }] },
};

async function offer(name: string, answers: object): Promise<void> {
  const control = `${backends}/control/scripted/${name}`;
  await fetch(control, { method: "POST", body: JSON.stringify({ offer: answers }) });
}

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), "gateway-tool-server-"));
  cleanup.defer(() => rm(folder, { recursive: true, force: true }));
  const [quirky, nobody] = await Promise.all([startQuirkyBackends(), freePort()]);
  cleanup.defer(() => quirky.close());
  backends = quirky.url;
  await offer("rooms", DOCS_OFFER);
  await offer("forms", FORMS_OFFER);
  const mcpServers = {
    rooms: { url: `${quirky.url}/scripted/rooms` },
    forms: { url: `${quirky.url}/scripted/forms` },
    plain: {
      url: `${quirky.url}/plain/plain`,
      client_header_forwarding: { enabled: true, whitelist: ["*"] },
    },
    slow: { url: `${quirky.url}/hang/slow`, timeout: 1 },
    absent: { url: `http://127.0.0.1:${nobody}/mcp` },
    time: { builtin: "time" },
  };
  const config = join(folder, "mcp.json");
  await writeFile(config, JSON.stringify({ mcpServers }));
  gateway = await startGateway(["--config", config]);
  cleanup.defer(async () => void (await gateway.stop()));
  open = await startGateway(["--public-documents"]);
  cleanup.defer(async () => void (await open.stop()));
  for (const name of ["rooms", "forms", "plain", "slow"]) {
    await fetchDocument(gateway, `/${name}/openapi.json`);
  }
}, 120_000);
afterAll(() => cleanup.disposeAsync());

async function connect(
  path: string,
  about: Readonly<{ headers?: Record<string, string>; at?: StartedGateway }> = {},
): Promise<ToolServer> {
  const { headers = {}, at = gateway } = about;
  const connection = { url: at.url + path, key: at.apiKey, headers };
  const server = await connectToolServer(connection);
  if (server === undefined) throw new Error("Open WebUI would go on without this server");
  return server;
}

const NAME = /^[A-Za-z0-9_-]{1,64}$/;

describe("a connection of an administrator", () => {
  test("shows a model the tools of one backend, or of all", async () => {
    const { tools } = await connect("/time");
    expect(tools.map(({ name }) => name)).toEqual(["get_current_time", "convert_time"]);
    expect(tools[0]?.parameters.required).toEqual(["timezone"]);
    const names = (await connect("")).tools.map(({ name }) => name);
    for (const name of ["time_convert_time", "rooms_book_room", "plain_call"]) {
      expect(names).toContain(name);
    }
    expect(names.filter((name) => !NAME.test(name))).toEqual([]);
  });

  test("has no tools without a key, unless the owner opened the documents", async () => {
    expect(await connectToolServer({ url: gateway.url, key: undefined })).toBeUndefined();
    const reader = await connectToolServer({ url: open.url, key: undefined });
    expect(reader?.tools.length).toBeGreaterThan(0);
    const refused = await reader?.run("time_get_current_time", { timezone: "UTC" });
    expect(refused).toMatch(/HTTP error 401: .*an API key is needed/);
  });

  test("runs a tool with arguments, and one without", async () => {
    const everything = await connect("");
    const time = await everything.run("time_get_current_time", { timezone: "Asia/Tokyo" });
    expect(JSON.parse(time)).toMatchObject({ timezone: "Asia/Tokyo" });
    expect(await everything.run("rooms_list_rooms", {})).toBe('"small\\nlarge"');
    const rooms = await connect("/rooms");
    const booked = await rooms.run("book_room", { room: "large", team: "Sales" });
    expect(booked).toBe('{"id":9007199254740993,"room":"large"}');
  });

  test("gives a tool that names none the arguments a model makes up", async () => {
    const { run } = await connect("/forms");
    const made = { any: [1, null] };
    expect(await run("fill", { arguments: made })).toBe('"filled in"');
    expect(await run("fill", {})).toBe('"filled in"');
    const log = await fetch(`${backends}/log/scripted/forms`);
    const arrived: { message?: { method?: string; params?: object } }[] = await log.json();
    const calls = arrived.filter(({ message }) => message?.method === "tools/call");
    expect(calls.map(({ message }) => message?.params)).toMatchObject([
      { name: "fill", arguments: made },
      { name: "fill", arguments: {} },
    ]);
  });

  test("gets an image and a sound as what it makes files of", async () => {
    const { run } = await connect("/rooms");
    expect(JSON.parse(await run("draw", {}))).toBe(`data:image/png;base64,${PIXEL}`);
    expect(JSON.parse(await run("speak", {}))).toMatch(/^data:audio\/wav;base64,[A-Za-z0-9+/=]+$/);
  });

  test("passes on who asks, where the owner wants that, and never a cookie", async () => {
    const headers = {
      "X-OpenWebUI-User-Id": "u-1",
      "X-OpenWebUI-User-Email": "u1@example.com",
      "X-OpenWebUI-Chat-Id": "c-1",
      cookie: "token=of-the-session",
    };
    const { run } = await connect("/plain", { headers });
    const heard = JSON.parse(await run("call", {}));
    expect(heard.headers).toMatchObject({
      "x-openwebui-user-id": "u-1",
      "x-openwebui-user-email": "u1@example.com",
      "x-openwebui-chat-id": "c-1",
    });
    expect(heard.headers).not.toHaveProperty("cookie");
    expect(JSON.stringify(heard)).not.toContain(gateway.apiKey);
  });
});

describe("what a model reads of a failure", () => {
  /** Short: it is read in place of a result, and paid for. */
  async function failureOf(path: string, name: string, args: JsonObject): Promise<string> {
    const { run } = await connect(path);
    const { error }: { error: string } = JSON.parse(await run(name, args));
    expect(error.length).toBeLessThan(500);
    return error;
  }

  test("is what the tool said", async () => {
    const error = await failureOf("/rooms", "close_building", {});
    expect(error).toMatch(/^HTTP error 500: \{"detail":\{"message":"Cannot close: somebody is/);
  });

  test("names the argument that is wrong, and what it may be", async () => {
    const error = await failureOf("/rooms", "book_room", { room: "huge", team: "Sales" });
    expect(error).toMatch(/^HTTP error 422: /);
    for (const said of ["room", "huge", "small", "large"]) expect(error).toContain(said);
  });

  test("says that a backend did not answer in time", async () => {
    const error = await failureOf("/slow", "call", {});
    expect(error).toMatch(/^HTTP error 504: .*slow.* did not answer within 1 s/);
  });

  test("says of a backend that is down no more than that", async () => {
    const connection = { url: `${gateway.url}/absent`, key: gateway.apiKey };
    expect(await connectToolServer(connection)).toBeUndefined();
    expect((await connect("")).tools.some(({ name }) => name.startsWith("absent"))).toBe(false);
  });
});

describe.skipIf(BROWSER_PATH === undefined)("a connection of a user, in their browser", () => {
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    const webui = await listenOnLoopback(
      (_request, response) => {
        response.writeHead(200, { "content-type": "text/html" }).end("<title>Open WebUI</title>");
      },
      { path: "/" },
    );
    browser = await openBrowser();
    page = await browser.newPage();
    await page.goto(webui.url);
    cleanup.defer(() => webui.close());
    cleanup.defer(() => browser.close());
  }, 60_000);

  type Asked = Readonly<{ path: string; key?: string; method?: string; body?: JsonObject }>;

  /** From the page, so that the browser decides what of the answer may be read. */
  function ask({ path, key = gateway.apiKey, method = "GET", body }: Asked) {
    const headers = {
      Accept: "application/json",
      "Content-Type": "application/json",
      authorization: `Bearer ${key}`,
      "X-Session-Id": "session-1",
    };
    const init = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
    return page.evaluate(
      async ([url, options]) => {
        const response = await fetch(url, options);
        return { status: response.status, text: await response.text() };
      },
      [gateway.url + path, init] as const,
    );
  }

  /** As its page runs a tool: without a body where the document has none. */
  async function run(backend: string, name: string, args: JsonObject, key = gateway.apiKey) {
    const document: JsonObject = JSON.parse((await ask({ path: `${backend}/openapi.json` })).text);
    const route = routeOf(document, name);
    if (route === undefined) throw new Error(`no operation ${name}`);
    const { path, method, takesBody } = route;
    const sent = { path: backend + path, method: method.toUpperCase(), key };
    return ask({ ...sent, ...(takesBody ? { body: args } : {}) });
  }

  test("reads the document, and the prompt that goes with it", async () => {
    expect((await ask({ path: "/rooms/openapi.json" })).status).toBe(200);
    for (const backend of ["", "/rooms"]) {
      const features = await ask({ path: `${backend}/api/config` });
      expect(JSON.parse(features.text)).toEqual({ features: { system: true } });
      const { prompt } = JSON.parse((await ask({ path: `${backend}/system` })).text);
      expect(prompt).toContain("Ask for `list_rooms` first.");
    }
  });

  test("runs tools with arguments, and without a body", async () => {
    const booked = await run("/rooms", "book_room", { room: "small", team: "Sales" });
    expect(booked).toEqual({ status: 200, text: '{"id":9007199254740993,"room":"large"}' });
    expect(await run("", "rooms_list_rooms", {})).toEqual({ status: 200, text: '"small\\nlarge"' });
  });

  test("may read what went wrong", async () => {
    const failed = await run("/rooms", "close_building", {});
    expect(failed).toMatchObject({ status: 500, text: expect.stringContaining("still inside") });
    const invalid = await run("/rooms", "book_room", { room: "small" });
    expect(invalid).toMatchObject({ status: 422, text: expect.stringContaining('"team"') });
    const locked = await run("/rooms", "list_rooms", {}, "wrong-key-of-somebody");
    expect(locked).toMatchObject({ status: 401, text: expect.stringContaining("detail") });
    expect(await ask({ path: "/none/openapi.json" })).toMatchObject({ status: 404 });
    expect(await ask({ path: "/absent/openapi.json" })).toMatchObject({ status: 503 });
  });
});
