import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { MASK } from "../../src/core/redact.ts";
import { freePort } from "../support/child.ts";
import { listenOnLoopback } from "../support/loopback-server.ts";
import { type Ran, runCommand } from "../support/run-command.ts";
import { type StartedGateway, startGateway } from "../support/start-gateway.ts";

let gateway: StartedGateway;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "admin-"));
  gateway = await startGateway();
});
afterAll(async () => {
  await gateway.stop();
  await rm(folder, { recursive: true, force: true });
});

function run(args: readonly string[], env: Record<string, string> = {}): Promise<Ran> {
  const { url, ownerPassword, apiKey } = gateway;
  return runCommand(args, {
    env: { GATEWAY_URL: url, OWNER_PASSWORD: ownerPassword, GATEWAY_API_KEY: apiKey, ...env },
  });
}

async function writeConfig(config: unknown): Promise<string> {
  const path = join(folder, "mcp.json");
  await writeFile(path, typeof config === "string" ? config : JSON.stringify(config));
  return path;
}

const remote = {
  url: "https://erp.example.com/mcp",
  headers: { Authorization: "Bearer of-the-erp-123456" },
};

test("puts a file, says what it changes, and gives it back masked", async () => {
  const file = await writeConfig({ mcpServers: { time: { builtin: "time" }, erp: remote } });
  const dry = await run(["config", "put", file, "--dry-run"]);
  expect(dry).toMatchObject({ code: 0, stderr: "" });
  expect(dry.stdout).toMatch(/^mcp\.json: added erp \(dry run, version 0 stays\)\n$/);
  const done = await run(["config", "put", file]);
  expect(done.stdout).toMatch(/^mcp\.json: added erp \(version 1\)\n$/);
  expect(done.code).toBe(0);

  const got = await run(["config", "get"]);
  expect(JSON.parse(got.stdout)).toMatchObject({ mcpServers: { erp: { url: remote.url } } });
  expect(got.stdout + got.stderr).not.toContain("of-the-erp");
  expect(got.stderr).toMatch(/^Version 1, from admin/);

  // What goes back masked stays as it was.
  const again = await run(["config", "put", await writeConfig(got.stdout)]);
  expect(again.stdout).toMatch(/nothing changed but, perhaps, secrets/);
});

test("keeps what starts a local server on this machine, in a file with masks too", async () => {
  const erp = { url: remote.url, headers: { Authorization: MASK } };
  const nas = { command: "nas-mcp", args: ["--token", "of-the-nas-123456"], env: { A: "b" } };
  const file = await writeConfig({ mcpServers: { time: { builtin: "time" }, erp, nas } });
  const done = await run(["config", "put", file]);
  expect(done.stdout).toMatch(/added nas/);
  expect(done.stderr).toMatch(/nas: started where the file is/);
  const got = await run(["config", "get"]);
  expect(JSON.parse(got.stdout)).toMatchObject({ mcpServers: { nas: { connector: true } } });
  expect(got.stdout).not.toContain("nas-mcp");
});

test("does not put over a version that somebody else made", async () => {
  const file = await writeConfig({ mcpServers: { time: { builtin: "time" } } });
  const refused = await run(["config", "put", file, "--if-version", "999"]);
  expect(refused).toMatchObject({ code: 1, stdout: "" });
  expect(refused.stderr).toMatch(/^Cannot .*999.*\n$/);
});

test("says what the gateway does not take of a file that is right by itself", async () => {
  const file = await writeConfig({ mcpServers: { lan: { url: "http://192.168.1.5/mcp" } } });
  expect((await run(["config", "check", file])).code).toBe(0);
  const refused = await run(["config", "put", file]);
  expect(refused).toMatchObject({ code: 1, stdout: "" });
  expect(refused.stderr).toMatch(/^mcpServers\.lan\.url: .+\n$/);
});

test("checks a file without a gateway and without a password", async () => {
  const file = await writeConfig(`{ "mcpServers": { // comments are fine
    "erp": { "url": "https://erp.example.com/mcp", "headers": { "X-Key": "\${ERP_KEY}" }, "colour": 1 },
    "nas": { "command": "nas-mcp" },
  } }`);
  const right = await runCommand(["config", "check", file]);
  expect(right.code).toBe(0);
  expect(right.stdout).toMatch(/^mcp\.json: 2 backends, nothing wrong\n/);
  expect(right.stdout).toMatch(/erp +streamable-http: https:\/\/erp\.example\.com\/mcp\n/);
  expect(right.stdout).toMatch(/nas +stdio/);
  expect(right.stdout).toContain("Refers to ${ERP_KEY}");
  expect(right.stderr).toMatch(/^! mcpServers\.erp\.colour: not used/);

  await writeConfig({ mcpServers: { erp: { url: "ftp://x" } } });
  const wrong = await runCommand(["config", "check", file]);
  expect(wrong).toMatchObject({ code: 1, stdout: "" });
  expect(wrong.stderr).toMatch(/^mcp\.json: mcpServers\.erp\.url: .*wanted.*\n$/);
  const missing = await runCommand(["config", "check", join(folder, "none.json")]);
  expect(missing).toMatchObject({ code: 1, stderr: "none.json: there is no such file\n" });
});

test("makes a key that is on stdout alone, lists it, and revokes it", async () => {
  const flags = ["--allow", "time/get_*", "--deny", "erp", "--expires", "30d"];
  const llm = ["--progress", "details", "--approvals", "ask", "--models", "raw/*"];
  const made = await run(["keys", "create", "--name", "laptop", ...flags, ...llm]);
  expect(made.code).toBe(0);
  const key = made.stdout.trim();
  expect(key).toMatch(/^mgw_[\w-]{43}$/);
  expect(made.stderr).not.toContain(key);
  expect(made.stderr).toMatch(/^Created (\S+) "laptop", which may: allow time\/get_\*; deny erp; /);
  const id = /^Created (\S+) /.exec(made.stderr)?.[1] ?? "";

  expect((await run(["status"], { GATEWAY_API_KEY: key })).code).toBe(0);
  const listed = await run(["keys", "list"]);
  const row = listed.stdout.split("\n").find((line) => line.includes("laptop"));
  expect(row).toContain(id);
  expect(row).toContain("models raw/*; progress details; approvals ask");
  expect(listed.stdout).not.toContain(key);
  const json = JSON.parse((await run(["keys", "list", "--json"])).stdout);
  expect(json.keys).toMatchObject([{ id, name: "laptop", deny: ["erp"] }]);

  expect(await run(["keys", "revoke", id])).toMatchObject({ code: 0, stderr: "" });
  expect((await run(["keys", "list"])).stdout).toBe("There are no keys\n");
  const again = await run(["keys", "revoke", id]);
  expect(again).toMatchObject({ code: 1, stdout: "" });
  expect(again.stderr).toMatch(/^Cannot revoke/);
});

test("tells a key for connectors from one that may do everything", async () => {
  const connector = await run(["keys", "create", "-n", "home", "--connect", "nas", "--json"]);
  expect(JSON.parse(connector.stdout)).toMatchObject({ name: "home", connect: ["nas"] });
  expect(connector.stderr).toMatch(/which may: connect nas\n/);
  const all = await run(["keys", "create", "-n", "all"]);
  expect(all.stderr).toMatch(/which may: everything\n/);
  const wrong = await run(["keys", "create", "-n", "both", "--connect", "nas", "--deny", "x"]);
  expect(wrong).toMatchObject({ code: 1, stdout: "" });
  expect(wrong.stderr).toMatch(/^Cannot create a key: .*"connect".*\n$/);
});

test("shows every backend in a table, and as the gateway tells it", async () => {
  const table = await run(["status"]);
  expect(table).toMatchObject({ code: 0 });
  expect(table.stdout).toMatch(/^mcp-edge-gateway \d\S+, \d backends?\n +BACKEND +STATE/);
  expect(table.stdout).toMatch(/\n +time +ready +builtin time +- +2 /);
  const json = JSON.parse((await run(["status", "--json"])).stdout);
  expect(json.backends).toContainEqual(expect.objectContaining({ name: "time", state: "ready" }));
});

test("ends with 2 where the gateway is not there, lets nobody in, or is none", async () => {
  const wrong = await run(["keys", "list"], { OWNER_PASSWORD: "not-the-password" });
  expect(wrong).toMatchObject({ code: 2, stdout: "" });
  expect(wrong.stderr).toMatch(/^Cannot .*wrong owner password\n$/);
  const key = await run(["status"], { GATEWAY_API_KEY: "not-a-key" });
  expect(key).toMatchObject({ code: 2, stdout: "" });

  const gone = await run(["status"], { GATEWAY_URL: `http://127.0.0.1:${await freePort()}` });
  expect(gone).toMatchObject({ code: 2, stdout: "" });
  expect(gone.stderr).toMatch(/^Cannot read the status: http:\S+ cannot be reached: .+\n$/);

  const heard: (string | undefined)[] = [];
  const other = await listenOnLoopback(
    ({ headers }, response) => {
      heard.push(headers.authorization);
      response.writeHead(302, { location: gateway.url }).end();
    },
    { path: "" },
  );
  const none = await run(["config", "get"], { GATEWAY_URL: other.url });
  await other.close();
  expect(none).toMatchObject({ code: 2, stdout: "" });
  expect(none.stderr).toMatch(/answered 302, not as a gateway does\n$/);
  expect(heard).toHaveLength(1);
});

test("wants an address, a password or a key in one line each", async () => {
  const bare = await runCommand(["keys", "list"]);
  expect(bare).toMatchObject({ code: 1, stdout: "" });
  expect(bare.stderr).toBe("Cannot tell which gateway: set GATEWAY_URL or give --gateway\n");
  const unknown = await runCommand(["keys", "list", "-g", gateway.url]);
  expect(unknown.code).toBe(1);
  expect(unknown.stderr).toMatch(/^Cannot sign in as the owner: no password, set OWNER_PASSWORD/);
  const noKey = await runCommand(["status", "-g", gateway.url]);
  expect(noKey.code).toBe(1);
  expect(noKey.stderr).toMatch(/no key, set GATEWAY_API_KEY or give --key\n$/);
});

test("warns of a password that everybody on the machine can read", async () => {
  const shown = await runCommand([
    "keys",
    "list",
    "-g",
    gateway.url,
    "--owner-password",
    gateway.ownerPassword,
  ]);
  expect(shown.code).toBe(0);
  expect(shown.stderr).toMatch(/^--owner-password: others on this machine can read it/);
  expect(shown.stderr).not.toContain(gateway.ownerPassword);
});
