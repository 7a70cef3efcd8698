import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import * as z from "zod";
import { startCommand } from "../command/started-gateway.ts";
import { eventually, freePort } from "../support/child.ts";
import type { Fixture } from "../support/loopback-server.ts";
import { startQuirkyBackends } from "../support/quirky-backends.ts";
import { type RealServer, startEverything } from "../support/real-servers.ts";
import { type StartedGateway, startGateway } from "../support/start-gateway.ts";

/**
 * What mcpo's command line and config do, one row each: `same`, or `better` where mcpo is known to
 * lose, ignore or break something. The numbers are those of the list of its behaviours.
 */
function row(
  what: `C${number} ${"same" | "better"}: ${string}`,
  run: () => Promise<void> | void,
  withinMs = 60_000,
): void {
  test(what, run, withinMs);
}

const MODULES = resolve(import.meta.dirname, "../../node_modules");
const NODE = join(MODULES, ".bin/node");
const EVERYTHING = join(MODULES, "@modelcontextprotocol/server-everything/dist/index.js");

const KEY = "top-secret";
const PAGE = "https://app.example.com";

let folder: string;
let quirky: Fixture;
let sse: RealServer;
let down: number;
let house: StartedGateway;
let remote: StartedGateway;
let alone: StartedGateway;

/** With all that people of mcpo have in it. */
function configOf(): string {
  return `{
    // my servers
    "mcpServers": {
      "My Clock": { "builtin": "time" },
      "plain": {
        "type": "http",
        "url": "${quirky.url}/plain/house",
        "headers": { "X-Flag": "\${OF_FLAG}", "X-File": "\${OF_FILE}", "X-Shell": "\${OF_SHELL}" },
        "client_header_forwarding": { "enabled": true, "whitelist": ["X-User-*"] },
      },
      "hang": { "type": "streamablehttp", "url": "${quirky.url}/hang/house" },
      "old": { "url": "${sse.url}" },
      "local": {
        "command": ${JSON.stringify(NODE)},
        "args": [${JSON.stringify(EVERYTHING)}],
        "env": { "OF_ENTRY": "of-entry", "OF_SHELL": "of-entry" },
      },
      "half": { "builtin": "time", "disabledTools": ["convert_time"] },
      "half_too": { "builtin": "time", "disabled_tools": ["convert_time"] },
      "signs-in": {
        "type": "streamable-http",
        "url": "${quirky.url}/plain/signs-in",
        "oauth": { "server_url": "https://auth.example.com", "storage_type": "file", "use_loopback": true },
      },
      "late": { "type": "streamable_http", "url": "http://127.0.0.1:${down}/plain/late" },
    },
  }`;
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "mcpo-command-"));
  [quirky, sse, down] = await Promise.all([
    startQuirkyBackends(),
    startEverything("sse"),
    freePort(),
  ]);
  const [config, env] = [join(folder, "mcp.json"), join(folder, "vars.env")];
  writeFileSync(config, configOf());
  writeFileSync(env, "OF_FILE=of-file\nOF_SHELL=of-file\nOF_FLAG=of-file\n");
  const words = [
    `-h 127.0.0.1 -k ${KEY} -c ${config} --strict-auth --hot-reload --log-level INFO`,
    "-n House -v 2.0 --path-prefix tools --root-path /api/mcpo/",
    `--cors-allow-origins ${PAGE} --cors-allow-origins https://other.example.com`,
    `-e OF_FLAG=of-flag --env OF_EMPTY= --env-path ${env} -d`,
  ];
  house = await startGateway([...words.join(" ").split(" "), "All\nof it"], {
    env: { OF_SHELL: "of-shell", CONNECTION_TIMEOUT: "2" },
  });
  const one = `--type streamable_http --name Remote -H {"X-Token":"of-flag"} -- ${quirky.url}/plain/remote`;
  remote = await startGateway(one.split(" "));
  alone = await startGateway(
    ["--cors-allow-origins", "*", "--root-path", "", "--public-documents"],
    { env: { LOG_LEVEL: "loud" } },
  );
  const names = ["my-clock", "plain", "hang", "local", "old", "half", "half-too", "signs-in"];
  await Promise.all(names.map((name) => untilState(house, name, "ready")));
  await untilState(remote, "\\S+", "ready");
}, 120_000);

afterAll(async () => {
  await Promise.all([house?.stop(), remote?.stop(), alone?.stop(), sse?.stop(), quirky?.close()]);
  rmSync(folder, { recursive: true, force: true });
});

/** In the list at the start, or in a line of its own when it takes longer. */
async function untilState(gateway: StartedGateway, name: string, state: string): Promise<void> {
  await gateway.child.see(new RegExp(`^\\s*${name}\\s+(is )?${state}`, "m"));
}

type Sent = { key?: string; headers?: Record<string, string>; method?: string; body?: object };

function ask(gateway: StartedGateway, path: string, sent: Sent = {}): Promise<Response> {
  const { key = gateway.apiKey, headers = {}, method = "POST", body = {} } = sent;
  return fetch(gateway.url + path, {
    method,
    headers: {
      ...(key === "" ? {} : { authorization: `Bearer ${key}` }),
      "content-type": "application/json",
      ...headers,
    },
    ...(method === "POST" ? { body: JSON.stringify(body) } : {}),
  });
}

const clock = (path: string) => `${path}/get_current_time`;
const UTC = { body: { timezone: "UTC" } };

const heard = z.looseObject({ headers: z.record(z.string(), z.string()) });

/** The headers that a backend got with a call. */
async function heardBy(gateway: StartedGateway, path: string, sent: Sent = {}) {
  const answer = await ask(gateway, path, sent);
  expect(answer.status).toBe(200);
  // The tool answers with a text, which is JSON itself.
  const said: unknown = await answer.json();
  return heard.parse(typeof said === "string" ? JSON.parse(said) : said).headers;
}

async function refusalOf(...args: string[]): Promise<string> {
  const state = mkdtempSync(join(folder, "state-"));
  const command = startCommand(["start", "--port", "0", "--state", state, ...args]);
  expect(await command.exited).toBe(1);
  const output = command.output().trim();
  expect(output).not.toContain("\n");
  return output;
}

row("C1 same: listens where -h and -p say, and on loopback unless told", () => {
  expect(house.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
});

row("C2 same: pages of the named origins may read answers, errors included", async () => {
  const allowed = async (path: string, page: string, key: string) =>
    (await ask(house, path, { key, headers: { origin: page } })).headers.get(
      "access-control-allow-origin",
    );
  expect(await allowed("/tools/plain/call", PAGE, KEY)).toBe(PAGE);
  expect(await allowed("/tools/plain/call", PAGE, "")).toBe(PAGE);
  expect(await allowed("/tools/plain/call", "https://evil.example.com", KEY)).toBeNull();
  const any = await ask(alone, clock("/time"), { headers: { origin: PAGE }, ...UTC });
  expect(any.headers.get("access-control-allow-origin")).toMatch(
    /^(\*|https:\/\/app\.example\.com)$/,
  );
});

row("C3 same: takes the key of --api-key, short as it is", async () => {
  expect(house.apiKey).toBe(KEY);
  expect((await ask(house, clock("/tools/my-clock"), UTC)).status).toBe(200);
  expect((await ask(house, clock("/tools/my-clock"), { key: "wrong", ...UTC })).status).toBe(401);
  expect(house.child.output()).toContain(
    "--api-key: 10 characters, wanted at least 16: this one works from this machine only",
  );
});

row("C3 better: no page from elsewhere uses a short key on loopback", async () => {
  const headers = { origin: PAGE };
  expect((await ask(house, clock("/tools/my-clock"), { headers, ...UTC })).status).toBe(401);
  expect(await refusalOf("--api-key", KEY, "--host", "0.0.0.0")).toContain(
    "--api-key: 10 characters, wanted at least 16 where others reach the gateway",
  );
});

row(
  "C4 same: --strict-auth asks for the key on documents too, and says it is always so",
  async () => {
    for (const path of ["/openapi.json", "/tools/plain/openapi.json", "/docs"]) {
      expect((await ask(house, path, { key: "", method: "GET" })).status).toBe(401);
    }
    expect(house.child.output()).toContain("--strict-auth: always so");
    const open = await ask(alone, "/openapi.json", { key: "", method: "GET" });
    expect(open.status).toBe(200);
    expect((await ask(alone, clock("/time"), { key: "", ...UTC })).status).toBe(401);
  },
);

row("C5 same: --env wins over the shell, and that over the file of --env-path", async () => {
  expect(await heardBy(house, "/tools/plain/call")).toMatchObject({
    "x-flag": "of-flag",
    "x-shell": "of-shell",
    "x-file": "of-file",
  });
});

row("C5 better: a malformed --env is an error that does not show its value", async () => {
  expect(await refusalOf("--env", "hunter2")).toBe("--env: number 1 is not of the form KEY=VALUE");
  expect(await refusalOf("--env", "NAME")).toBe('--env: "NAME" is not of the form KEY=VALUE');
});

row("C6 same: --type says what the server after -- speaks", async () => {
  expect((await ask(remote, "/call")).status).toBe(200);
  expect(await refusalOf("--type", "sse", "--", "npx", "server")).toContain("is not a URL");
});

row("C7 same: --config serves the servers of the file", async () => {
  expect((await ask(house, "/tools/plain/call")).status).toBe(200);
  expect(await refusalOf("--config", join(folder, "none.json"))).toBe(
    "none.json: there is no such file",
  );
});

row(
  "C8 better: name, description and version are the document's, whatever a server says",
  async () => {
    const info = async (gateway: StartedGateway) => {
      const answer = await ask(gateway, "/openapi.json", { method: "GET" });
      return z.looseObject({ info: z.looseObject({}) }).parse(await answer.json()).info;
    };
    expect(await info(house)).toMatchObject({ title: "House", version: "2.0" });
    expect(await info(house)).toHaveProperty("description", expect.stringContaining("All\nof it"));
    expect(await info(remote)).toMatchObject({ title: "Remote" });
  },
);

row("C9 better: files for TLS are refused with what to do instead", async () => {
  expect(await refusalOf("--ssl-certfile", "c.pem", "--ssl-keyfile", "k.pem")).toMatch(
    /^Cannot use --ssl-certfile: put a proxy or a tunnel .* or deploy to the edge$/,
  );
  expect(await refusalOf("-K", "k.pem")).toMatch(/^Cannot use -K: put a proxy/);
});

row("C10 better: works under --root-path with the proxy stripping it, and without", async () => {
  for (const path of [clock("/tools/my-clock"), clock("/api/mcpo/tools/my-clock")]) {
    expect((await ask(house, path, UTC)).status).toBe(200);
  }
  const document = await ask(house, "/tools/plain/openapi.json", { method: "GET" });
  expect(JSON.stringify(await document.json())).toContain("/api/mcpo/tools/plain");
});

row(
  "C11 same: --path-prefix is read with and without slashes, and nothing is beside it",
  async () => {
    expect((await ask(house, clock("/tools/my-clock"), UTC)).status).toBe(200);
    expect((await ask(house, clock("/my-clock"), UTC)).status).toBe(404);
  },
);

row("C12 same: --header is sent to the one remote server", async () => {
  expect(await heardBy(remote, "/call")).toMatchObject({ "x-token": "of-flag" });
});

row("C12 better: a --header that is no JSON is an error, not a warning", async () => {
  const given = ["--header", "X-Token: hunter2", "--", "https://x.example/mcp"];
  const refusal = await refusalOf(...given);
  expect(refusal).toMatch(/^--header: not JSON, wanted an object like/);
  expect(refusal).not.toContain("hunter2");
});

row("C13 same: takes --hot-reload, and says that it is always so", () => {
  expect(house.child.output()).toContain("--hot-reload: always so");
});

row("C14 better: --log-level sets what is logged, and a wrong one is an error", async () => {
  await Promise.all([house, alone].map((gateway) => ask(gateway, "/oauth/token")));
  await house.child.see(/\{"level":"info","message":"oauth refusal"/);
  expect(alone.child.output()).not.toContain('{"level":"info"');
  expect(alone.child.output()).toContain(
    'LOG_LEVEL: "loud", wanted one of debug, info, warning, error',
  );
  expect(await refusalOf("--log-level", "loud")).toBe(
    '--log-level: "loud", wanted one of debug, info, warning, error',
  );
});

row("C15 same: serves the tools of the server after -- at /{tool}", async () => {
  expect((await ask(remote, "/call")).status).toBe(200);
  const local = await startGateway(["--api-key", KEY, "--", NODE, EVERYTHING]);
  await untilState(local, "\\S+", "ready");
  const echo = await ask(local, "/echo", { body: { message: "hi" } });
  expect(await echo.text()).toContain("Echo: hi");
  await local.stop();
  expect(await refusalOf("--")).toContain('nothing after "--"');
});

row(
  "C15 better: without a server it serves what is built in, instead of a usage line",
  async () => {
    expect((await ask(alone, clock("/time"), UTC)).status).toBe(200);
  },
);

row("C16 better: CONNECTION_TIMEOUT limits the calls of every backend in the file", async () => {
  const started = performance.now();
  expect((await ask(house, "/tools/hang/call")).status).toBe(504);
  expect(performance.now() - started).toBeGreaterThan(1_500);
  expect(performance.now() - started).toBeLessThan(10_000);
});

row("C17 better: comments and trailing commas are no reason to fail", async () => {
  expect(configOf()).toMatch(/\/\/ my servers[^]*},\s+},\s+}$/);
  await untilState(house, "plain", "ready");
});

row("C18 same: a local server runs with its env over that of the command", async () => {
  const answer = await ask(house, "/tools/local/get-env");
  expect(answer.status).toBe(200);
  const said: unknown = await answer.json();
  const environment: unknown = typeof said === "string" ? JSON.parse(said) : said;
  expect(environment).toMatchObject({
    OF_ENTRY: "of-entry",
    OF_SHELL: "of-entry",
    OF_FLAG: "of-flag",
    OF_FILE: "of-file",
  });
  expect(environment).not.toHaveProperty("OWNER_PASSWORD");
});

row("C19 same: remote servers of every spelling of the type", async () => {
  const named = ["plain", "hang", "signs-in"];
  await Promise.all(named.map((name) => untilState(house, name, "ready")));
});

row("C20 better: a url alone is enough, and http is a type", async () => {
  const echo = await ask(house, "/tools/old/echo", { body: { message: "hi" } });
  expect(await echo.text()).toContain("Echo: hi");
});

row("C21 same: disabledTools in both spellings are not there", async () => {
  for (const name of ["half", "half_too", "half-too"]) {
    expect((await ask(house, `/tools/${name}/convert_time`)).status).toBe(404);
    expect((await ask(house, clock(`/tools/${name}`), UTC)).status).toBe(200);
  }
});

row("C22 better: forwarded headers reach the server, in any case of their names", async () => {
  const headers = { "X-User-Id": "ada", "X-Other": "1" };
  const arrived = await heardBy(house, "/tools/plain/call", { headers });
  expect(arrived).toMatchObject({ "x-user-id": "ada" });
  expect(arrived).not.toHaveProperty("x-other");
});

row(
  "C23 better: what an oauth part says for nothing is told, and the server is served",
  async () => {
    expect(house.child.output()).toMatch(/mcpServers\.signs-in\.oauth\.storage_type: not used/);
    expect((await ask(house, "/tools/signs-in/call")).status).toBe(200);
  },
);

row(
  "C24 better: a wrong file ends the start with one line: place, value, what was wanted",
  async () => {
    const wrong: [string, RegExp][] = [
      ["{ no json", /^wrong\.json: document: not JSON: /],
      ["{}", /^wrong\.json: mcpServers: missing, wanted an object of backends by name$/],
      ['{"mcpServers":{"a":{"type":"sse"}}}', /mcpServers\.a\.url: missing, wanted/],
      [
        '{"mcpServers":{"a":{"command":"x","args":"y"}}}',
        /a\.args: "y", wanted a list of strings$/,
      ],
      [
        '{"mcpServers":{"a":{"builtin":"time","disabledTools":[1]}}}',
        /a\.disabledTools: \[1\], wanted/,
      ],
      [
        '{"mcpServers":{"a":{"url":"https://x.example","client_header_forwarding":{"enabled":"yes"}}}}',
        /a\.client_header_forwarding\.enabled: "yes", wanted true or false$/,
      ],
    ];
    const file = join(folder, "wrong.json");
    for (const [text, line] of wrong) {
      writeFileSync(file, text);
      expect(await refusalOf("--config", file)).toMatch(line);
    }
  },
  90_000,
);

row("C25 same: one server that is down keeps no other from starting", async () => {
  await untilState(house, "late", "down");
  await untilState(house, "my-clock", "ready");
});

row("C25 better: nor does it end the start when it is the only one", async () => {
  const only = await startGateway(["--", `http://127.0.0.1:${down}/plain/only`]);
  const answer = await ask(only, "/call");
  expect([404, 502, 503]).toContain(answer.status);
  await only.stop();
});

row("C26 better: a server that was down at the start is used when it comes up", async () => {
  const later = await startQuirkyBackends(down);
  await eventually(
    "the server is used",
    async () => expect((await ask(house, "/tools/late/call")).status).toBe(200),
    30_000,
  );
  await later.close();
});

row("C27 better: a name with blanks and capitals is served under both of its names", async () => {
  expect(house.child.output()).toContain('mcpServers["My Clock"]: called "my-clock" here');
  for (const name of ["my-clock", "My%20Clock"]) {
    expect((await ask(house, clock(`/tools/${name}`), UTC)).status).toBe(200);
  }
});
