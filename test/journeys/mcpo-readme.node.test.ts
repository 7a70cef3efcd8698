import { execFile } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { IncomingHttpHeaders } from "node:http";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import * as z from "zod";
import { type Child, eventually, freePort, startChild } from "../support/child.ts";
import type { Fixture } from "../support/loopback-server.ts";
import { startPassThrough } from "../support/pass-through.ts";
import { startEverything } from "../support/real-servers.ts";

/**
 * The examples of mcpo's README as they are printed there, in a shell. Changed are the ports, which
 * may be taken here, and what `mcpo` is: the command of this gateway.
 */

const ROOT = resolve(import.meta.dirname, "../..");
const MODULES = join(ROOT, "node_modules");
const NODE = join(MODULES, ".bin/node");
const CURL = ["/usr/bin/curl", "/bin/curl", "/opt/homebrew/bin/curl"].find(existsSync);

const run = promisify(execFile);
const cleanup = new AsyncDisposableStack();
let folder: string;
let ports: { mcpo: number; sse: number; http: number };
let started: Child | undefined;
/** Of what came to the server at the SSE address. */
const heard: IncomingHttpHeaders[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "mcpo-readme-"));
  cleanup.defer(() => rmSync(folder, { recursive: true, force: true }));
  installPrograms();
  const [sse, http, mcpo] = await Promise.all([
    startEverything("sse"),
    startEverything("streamableHttp"),
    freePort(),
  ]);
  cleanup.defer(async () => void (await Promise.all([sse.stop(), http.stop()])));
  const listened: Fixture = await startPassThrough(sse.url, (headers) => {
    heard.push(headers);
    return headers;
  });
  cleanup.defer(() => listened.close());
  ports = { mcpo, sse: Number(new URL(listened.url).port), http: http.port };
});
afterEach(async () => {
  await started?.stop();
  started = undefined;
  heard.length = 0;
});
afterAll(() => cleanup.disposeAsync());

/** What the commands call, on the path of the shell. Nothing of it asks the network. */
function installPrograms(): void {
  const memory = join(MODULES, "@modelcontextprotocol/server-memory/dist/index.js");
  const clock = join(ROOT, "test/support/time-server.mjs");
  const file = join(folder, "memory.json");
  const programs = {
    mcpo: `exec "${NODE}" "${ROOT}/src/command/run.mjs" start --state "${folder}/state" "$@"`,
    npx: `[ "$*" = "-y @modelcontextprotocol/server-memory" ] && pwd > "${folder}/cwd" &&
      MEMORY_FILE_PATH="${file}" exec "${NODE}" "${memory}"`,
    uvx: `program="$1"; shift
      case "$program" in
        mcpo) exec mcpo "$@" ;;
        mcp-server-time) exec "${NODE}" "${clock}" "$@" ;;
      esac`,
    your_mcp_server_command: `exec "${NODE}" "${clock}"`,
  };
  for (const [name, script] of Object.entries(programs)) {
    writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(folder, name), 0o755);
  }
}

/** As printed, with our ports and files. */
function printed(text: string): string {
  return text
    .replaceAll("8000", String(ports.mcpo))
    .replaceAll("127.0.0.1:8001", `127.0.0.1:${ports.sse}`)
    .replaceAll("127.0.0.1:8002", `127.0.0.1:${ports.http}`)
    .replaceAll("/path/to/config.json", join(folder, "config.json"));
}

/** Types a command into a shell; answers when everything it serves is there. */
async function type(command: string, ...ready: RegExp[]): Promise<Child> {
  started = startChild("/bin/sh", ["-c", `exec ${printed(command)}`], {
    env: { PATH: `${folder}${delimiter}${process.env["PATH"] ?? ""}`, NO_COLOR: "1" },
  });
  await started.see(/Connect\n[\s\S]*curl /, 60_000);
  for (const pattern of ready) await started.see(pattern);
  return started;
}

type Answer = Readonly<{ status: number; body: string }>;
type Asking = Readonly<{ path: string; key?: string; body?: object; accept?: string }>;

/** As a user asks: with curl where there is one. */
async function ask({ path, key = "top-secret", body, accept = "*/*" }: Asking): Promise<Answer> {
  const url = printed(`http://localhost:8000${path}`);
  const headers = {
    ...(key === "" ? {} : { Authorization: `Bearer ${key}` }),
    ...(body === undefined ? {} : { "Content-Type": "application/json" }),
    Accept: accept,
  };
  if (CURL === undefined) {
    const answer = await fetch(url, {
      headers,
      ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
    });
    return { status: answer.status, body: await answer.text() };
  }
  const lines = Object.entries(headers).flatMap(([name, value]) => ["-H", `${name}: ${value}`]);
  const sent = body === undefined ? [] : ["-X", "POST", "-d", JSON.stringify(body)];
  const words = ["-sS", "--noproxy", "*", "-w", "\n%{http_code}", url, ...lines, ...sent];
  const { stdout } = await run(CURL, words);
  const end = stdout.lastIndexOf("\n");
  return { status: Number(stdout.slice(end + 1)), body: stdout.slice(0, end) };
}

const TOKYO = { timezone: "Asia/Tokyo" };

async function expectTime(path: string, key?: string): Promise<void> {
  const { status, body } = await ask({ path, body: TOKYO, ...(key === undefined ? {} : { key }) });
  expect(status).toBe(200);
  expect(JSON.parse(body)).toMatchObject({ timezone: "Asia/Tokyo", is_dst: false });
}

async function expectEcho(path: string, key?: string): Promise<void> {
  const body = { message: "hi" };
  const answer = await ask({ path, body, ...(key === undefined ? {} : { key }) });
  expect(answer).toEqual({ status: 200, body: '"Echo: hi"' });
}

const document = z.looseObject({
  servers: z.array(z.looseObject({ url: z.string() })),
  paths: z.record(z.string(), z.unknown()),
});

/** The pages that are printed, below a path: each with the key, none without. */
async function expectPages(below: string, tool: string, key = "top-secret"): Promise<void> {
  const accept = "text/html";
  const page = await ask({ path: `${below}/docs`, key, accept });
  expect([page.status, page.body.includes(tool)]).toEqual([200, true]);
  const locked = await ask({ path: `${below}/docs`, key: "", accept });
  expect([locked.status, locked.body.includes(tool)]).toEqual([401, false]);
  const { status, body } = await ask({ path: `${below}/openapi.json`, key });
  expect(status).toBe(200);
  const { paths, servers } = document.parse(JSON.parse(body));
  expect(Object.keys(paths)).toContain(`/${tool}`);
  // What the document calls the place of the tool is one: an array is refused there, not missed.
  expect((await ask({ path: `${servers[0]?.url}/${tool}`, key, body: [] })).status).toBe(422);
}

const READY = /\bready\b/;

test.each([
  'uvx mcpo --port 8000 --api-key "top-secret" -- your_mcp_server_command',
  'mcpo --port 8000 --api-key "top-secret" -- your_mcp_server_command',
])("%s", async (command) => {
  await type(command, READY);
  await expectTime("/get_current_time");
  expect((await ask({ path: "/get_current_time", body: TOKYO, key: "" })).status).toBe(401);
});

test('uvx mcpo --port 8000 --api-key "top-secret" -- uvx mcp-server-time …', async () => {
  const { see } = await type(
    'uvx mcpo --port 8000 --api-key "top-secret" -- uvx mcp-server-time --local-timezone=America/New_York',
    READY,
  );
  await see(/time +ready +2 tools/);
  await expectTime("/get_current_time");
  await expectPages("", "get_current_time");
  expect((await ask({ path: "/openapi.json" })).body).toContain("Use 'America/New_York'");
});

test("mcpo … --server-type sse -- URL", async () => {
  await type(
    'mcpo --port 8000 --api-key "top-secret" --server-type "sse" -- http://127.0.0.1:8001/sse',
    READY,
  );
  await expectEcho("/echo");
  expect(heard[0]).not.toHaveProperty("authorization");
});

test("mcpo … --server-type sse --header JSON -- URL", async () => {
  await type(
    `mcpo --port 8000 --api-key "top-secret" --server-type "sse" --header '{"Authorization": "Bearer token", "X-Custom-Header": "value"}' -- http://127.0.0.1:8001/sse`,
    READY,
  );
  await expectEcho("/echo");
  expectHeadersOfEveryRequest();
});

function expectHeadersOfEveryRequest(): void {
  expect(heard.length).toBeGreaterThan(2);
  for (const headers of heard) {
    expect(headers).toMatchObject({ authorization: "Bearer token", "x-custom-header": "value" });
  }
}

test("mcpo … --server-type streamable-http -- URL", async () => {
  await type(
    'mcpo --port 8000 --api-key "top-secret" --server-type "streamable-http" -- http://127.0.0.1:8002/mcp',
    READY,
  );
  await expectEcho("/echo");
  await expectPages("", "echo");
});

test("mcpo … --root-path /api/mcpo -- COMMAND", async () => {
  await type(
    'mcpo --port 8000 --root-path "/api/mcpo" --api-key "top-secret" -- your_mcp_server_command',
    READY,
  );
  await expectTime("/api/mcpo/get_current_time");
  await expectTime("/get_current_time");
  await expectPages("/api/mcpo", "get_current_time");
});

/** Its comments included, which mcpo itself cannot read. */
const CONFIG = `{
  "mcpServers": {
    "memory": {
      "command": "npx",
      "args": ["-y", "@modelcontextprotocol/server-memory"],
      "cwd": "/tmp"
    },
    "time": {
      "command": "uvx",
      "args": ["mcp-server-time", "--local-timezone=America/New_York"],
      "disabledTools": ["convert_time"] // Disable specific tools if needed
    },
    "mcp_sse": {
      "type": "sse", // Explicitly define type
      "url": "http://127.0.0.1:8001/sse",
      "headers": {
        "Authorization": "Bearer token",
        "X-Custom-Header": "value"
      }
    },
    "mcp_streamable_http": {
      "type": "streamable-http",
      "url": "http://127.0.0.1:8002/mcp"
    } // Streamable HTTP MCP Server
  }
}
`;

const ALL_READY = ["memory", "time", "mcp-sse", "mcp-streamable-http"].map(
  (name) => new RegExp(`^\\s*${name} +(is )?ready`, "m"),
);

async function keyShownBy({ see }: Child): Promise<string> {
  const [, key = ""] = await see(/API key +(\S+)/);
  return key;
}

test("mcpo --config /path/to/config.json --hot-reload", async () => {
  writeFileSync(join(folder, "config.json"), printed(CONFIG));
  const child = await type(
    "mcpo --port 8000 --config /path/to/config.json --hot-reload",
    ...ALL_READY,
  );
  const key = await keyShownBy(child);
  const memory = await ask({ path: "/memory/read_graph", body: {}, key });
  expect(JSON.parse(memory.body)).toEqual({ entities: [], relations: [] });
  expect(readFileSync(join(folder, "cwd"), "utf8")).toBe("/tmp\n");
  await expectTime("/time/get_current_time", key);
  const disabled = await ask({ path: "/time/convert_time", body: {}, key });
  expect(disabled.status).toBe(404);
  await expectEcho("/mcp_sse/echo", key);
  await expectEcho("/mcp_streamable_http/echo", key);
  expectHeadersOfEveryRequest();
  await expectPages("/memory", "read_graph", key);
  await expectPages("/time", "get_current_time", key);
  await expectPages("/mcp_sse", "echo", key);
  await expectPages("/mcp_streamable_http", "echo", key);

  writeFileSync(join(folder, "config.json"), printed(CONFIG.replace("convert_time", "none")));
  await eventually("the tool is there again", async () => {
    const path = "/time/convert_time";
    const body = { source_timezone: "UTC", time: "12:00", target_timezone: "Asia/Tokyo" };
    expect((await ask({ path, body, key })).status).toBe(200);
  });
});

/** Both examples of a server that wants OAuth, at addresses that are here. */
const OAUTH_CONFIG = `{
  "mcpServers": {
    "oauth-protected-server": {
      "type": "streamable-http",
      "url": "http://127.0.0.1:8002/mcp",
      "oauth": {
        "server_url": "http://127.0.0.1:8002"
      }
    },
    "legacy-oauth-server": {
      "type": "streamable-http",
      "url": "http://127.0.0.1:8002/mcp",
      "oauth": {
        "server_url": "http://127.0.0.1:8002",
        "client_metadata": {
          "client_name": "My MCPO Client",
          "redirect_uris": ["http://localhost:3030/callback"]
        }
      }
    }
  }
}
`;

test("mcpo --config with servers that want OAuth: read, and told what is not used", async () => {
  writeFileSync(join(folder, "config.json"), printed(OAUTH_CONFIG));
  const names = ["oauth-protected-server", "legacy-oauth-server"];
  const child = await type(
    "mcpo --port 8000 --config /path/to/config.json",
    ...names.map((name) => new RegExp(`^\\s*${name} +(is )?ready`, "m")),
  );
  for (const name of names) {
    expect(child.output()).toContain(`${name}.oauth.server_url: not used by the gateway`);
  }
  await expectEcho("/oauth-protected-server/echo", await keyShownBy(child));
});
