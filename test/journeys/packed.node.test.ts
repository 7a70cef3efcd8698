import { mkdir, readFile, readdir, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { QUIET_WRANGLER } from "../../src/command/wrangler-run.ts";
import { type Child, eventually, freePort, startChild } from "../support/child.ts";
import {
  type Installed,
  installPacked,
  nodesToTry,
  npm,
  PACK_MS,
  ROOT,
} from "../support/packed-command.ts";
import { startEverything } from "../support/real-servers.ts";
import { type Ran, runCommand } from "../support/run-command.ts";

/** A server that a person on some other machine has; its packages are the checkout's. */
const PACKAGES = join(ROOT, "node_modules/@modelcontextprotocol");
const EVERYTHING = [process.execPath, join(PACKAGES, "server-everything/dist/index.js")] as const;
const BACK_MS = 30_000;

const nodes = await nodesToTry();
let installed: Installed;
beforeAll(async () => {
  installed = await installPacked();
  await placeFakeWrangler();
}, PACK_MS);
afterAll(() => installed?.remove());

/** Where the command looks for wrangler, a stand-in with no account behind it. */
async function placeFakeWrangler(): Promise<void> {
  const folder = join(installed.folder, "node_modules/wrangler");
  await mkdir(join(folder, "bin"), { recursive: true });
  await mkdir(join(folder, "wrangler-dist"));
  await writeFile(
    join(folder, "package.json"),
    JSON.stringify({ name: "wrangler", type: "module", main: "wrangler-dist/cli.js" }),
  );
  await writeFile(join(folder, "wrangler-dist/cli.js"), "export {};\n");
  const fake = join(ROOT, "test/command/fake-wrangler.mjs");
  await writeFile(join(folder, "bin/wrangler.js"), `await import(${JSON.stringify(fake)});\n`);
}

test("needs no other package, and is small", async () => {
  expect((await stat(installed.tarball)).size).toBeLessThan(1_000_000);
  const names = await readdir(join(installed.folder, "node_modules"));
  expect(names.filter((name) => !name.startsWith("."))).toEqual([
    "mcp-edge-gateway",
    // Put there for these tests.
    "miniflare",
    "wrangler",
  ]);
  const unpacked = join(installed.folder, "node_modules/mcp-edge-gateway");
  expect((await readdir(unpacked)).toSorted()).toEqual([
    "LICENSE",
    "README.md",
    "dist",
    "package.json",
  ]);
  const licenses = await readFile(join(unpacked, "dist/LICENSES.txt"), "utf8");
  expect(licenses).toMatch(/^hono [\d.]+ \(MIT\)$/m);
  expect(licenses).toMatch(/^ws [\d.]+ \(MIT\)$/m);
});

test("is called by both of its names, and by npx", async () => {
  for (const name of ["mcp-edge-gateway", "mcp-gateway"]) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const ran = await runCommand(["--version"], { program: [installed.bin(name)] });
    expect(ran).toEqual({ code: 0, stdout: "0.1.0\n", stderr: "" });
  }
  const said = await npm(["exec", "--offline", "--", "mcp-edge-gateway"], installed.folder);
  expect(said).toContain("npx mcp-edge-gateway stdio");
  expect(said).not.toMatch(/npm (run|start)/);
});

test("fetches what start needs once, in the version it was built with", async () => {
  const bare = join(dirname(installed.tarball), "bare");
  await mkdir(bare);
  await npm(["install", "--offline", "--prefix", bare, installed.tarball], bare);
  const npmScript = join(bare, "npm-cli.js");
  const calls = join(bare, "calls.txt");
  // Stands for npm, and takes from the checkout what that would take from a registry.
  await writeFile(
    npmScript,
    `const { appendFileSync, mkdirSync, symlinkSync } = require("node:fs");
    const { join } = require("node:path");
    const args = process.argv.slice(2);
    appendFileSync(${JSON.stringify(calls)}, args.at(-1) + "\\n");
    if (process.env.BROKEN) { console.error("npm error code E404\\nnpm error 404 Not Found"); process.exit(1); }
    const modules = join(args[args.indexOf("--prefix") + 1], "node_modules");
    mkdirSync(modules);
    symlinkSync(${JSON.stringify(join(ROOT, "node_modules/miniflare"))}, join(modules, "miniflare"));`,
  );
  const script = join(bare, "node_modules/mcp-edge-gateway/dist/command/mcp-edge-gateway.js");
  const env = { HOME: bare, XDG_STATE_HOME: "", npm_execpath: npmScript, NO_COLOR: "1" };
  const program = [process.execPath, script] as const;

  const broken = await runCommand(["start", "--port", "0"], {
    env: { ...env, BROKEN: "1" },
    program,
  });
  expect(broken.code).toBe(1);
  expect(broken.stderr).toMatch(/\nCannot fetch miniflare@\S+: 404 Not Found; "npm install .*\n$/);

  for (const attempt of ["first", "second"]) {
    const child = startChild(process.execPath, [script, "start", "--port", "0"], { env });
    try {
      // oxlint-disable-next-line no-await-in-loop -- the second finds what the first has fetched
      await child.see(/Connect\n[\s\S]*curl /, 60_000);
    } finally {
      // oxlint-disable-next-line no-await-in-loop
      await child.stop();
    }
    expect(/^Fetching miniflare/m.test(child.output())).toBe(attempt === "first");
  }
  const manifest = JSON.parse(await readFile(join(ROOT, "package.json"), "utf8"));
  const wanted = `miniflare@${manifest.devDependencies.miniflare}\n`;
  expect(await readFile(calls, "utf8")).toBe(wanted.repeat(2));
}, 150_000);

describe.each(nodes)("on Node $version", ({ version, path: node }) => {
  const started: Child[] = [];
  const clients: Client[] = [];
  const stops: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.close()));
    await Promise.all(started.splice(0).map((child) => child.stop()));
    await Promise.all(stops.splice(0).map((stop) => stop()));
  });

  function run(args: readonly string[], env: Record<string, string> = {}): Promise<Ran> {
    return runCommand(args, {
      env: { HOME: installed.folder, ...env },
      cwd: installed.folder,
      program: [node, installed.script],
    });
  }

  /** Everything that a machine keeps for its user is in a home of its own. */
  async function start(
    args: readonly string[],
    { home, env = {} }: { home: string; env?: Record<string, string> },
  ): Promise<Child> {
    const folder = join(installed.folder, home);
    await mkdir(folder, { recursive: true });
    const child = startChild(node, [installed.script, ...args], {
      cwd: folder,
      env: { HOME: folder, XDG_STATE_HOME: "", NO_COLOR: "1", ...env },
    });
    started.push(child);
    return child;
  }

  test("tells of every command what it takes, in its own words", async () => {
    const names = ["start", "connect", "stdio", "deploy", "config", "keys", "status"];
    const ran = await Promise.all(names.map((name) => run([name, "--help"])));
    for (const [index, { code, stdout, stderr }] of ran.entries()) {
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      expect(stdout).toMatch(new RegExp(`^npx mcp-edge-gateway ${names[index]} `));
    }
    const unknown = await run(["stdio", "--nothing"]);
    expect(unknown.stderr).toBe(
      'Unknown flag --nothing: see "npx mcp-edge-gateway stdio --help"\n',
    );
    const found = await run(["config", "import"]);
    expect(found).toMatchObject({ code: 0, stderr: "" });
    expect(found.stdout).toMatch(/^No servers were found/);
    expect((await run(["dev"])).stderr).toMatch(/^Cannot run "dev": it is for a checkout/);
  });

  test("deploys the Worker it brings, where wrangler can run", async () => {
    const home = join(installed.folder, "deploying");
    const account = join(home, "account.json");
    await mkdir(home, { recursive: true });
    const empty = { namespaces: [], secrets: {}, calls: [], url: "https://mine.workers.dev" };
    await writeFile(account, JSON.stringify({ ...empty, loggedIn: true }));
    const env = { HOME: home, XDG_STATE_HOME: "", FAKE_ACCOUNT: account };
    const ran = await run(["deploy"], env);
    if (version === "20") {
      expect(ran).toMatchObject({ code: 1 });
      expect(ran.stderr).toMatch(
        /^Cannot deploy with Node 20\S+: wrangler, .* needs 22 or newer\n$/,
      );
      return;
    }
    expect(ran).toMatchObject({ code: 0, stderr: "" });
    expect(ran.stdout).toContain("https://mine.workers.dev/admin");

    // The real wrangler takes what was given to the stand-in, and builds nothing.
    const state = join(home, ".local/state/mcp-edge-gateway");
    const config = join(state, "cloudflare/mcp-edge-gateway/wrangler.json");
    const wrangler = join(ROOT, "node_modules/wrangler/bin/wrangler.js");
    const out = join(home, "out");
    const dry = await runCommand(["deploy", "--dry-run", "--config", config, "--outdir", out], {
      program: [node, wrangler],
      cwd: home,
      env: { ...QUIET_WRANGLER, HOME: home },
    });
    expect(dry).toMatchObject({ code: 0, stderr: "" });
    const worker = join(installed.folder, "node_modules/mcp-edge-gateway/dist/worker/index.js");
    expect(await readFile(join(out, "index.js"), "utf8")).toBe(await readFile(worker, "utf8"));
    expect((await readdir(out)).filter((name) => name.endsWith(".mjs")).length).toBeGreaterThan(0);
  });

  test("shows what deploy would do with the Worker it brings", async () => {
    const ran = await run(["deploy", "--dry-run"]);
    expect(ran).toMatchObject({ code: 0, stderr: "" });
    expect(ran.stdout).toMatch(/built: \d+ KiB, \d+ KiB compressed\n[\s\S]*nothing was changed/);
  });

  test("serves, connects and speaks stdio, and heals when each is killed", async () => {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const home = `gateway-${process.pid}-${port}`;
    const sse = await startEverything("sse");
    stops.push(sse.stop);
    // As people have it: something built in, a command, an address, and what is on another machine.
    const file = join(installed.folder, `${home}.json`);
    const memory = join(PACKAGES, "server-memory/dist/index.js");
    const notes = {
      command: process.execPath,
      args: [memory],
      env: { MEMORY_FILE_PATH: join(installed.folder, `${home}.jsonl`) },
    };
    const backends = { time: { builtin: "time" }, notes, sse: { url: sse.url } };
    const mixed = { mcpServers: { ...backends, every: { connector: true } } };
    await writeFile(file, JSON.stringify(mixed));
    expect((await run(["config", "check", file])).stdout).toMatch(/4 backends, nothing wrong/);

    const serve = ["start", "--port", String(port), "--config", file];
    let gateway = await start(serve, { home });
    await gateway.see(/Connect\n[\s\S]*curl /, 60_000);
    const shown = (label: string): string =>
      new RegExp(`^\\s*${label}\\s+(\\S.*)$`, "m").exec(gateway.output())?.[1] ?? "";
    const owner = { GATEWAY_URL: url, OWNER_PASSWORD: shown("Owner password") };
    const caller = { GATEWAY_URL: url, GATEWAY_API_KEY: shown("API key") };
    // Nothing of a gateway may be where the next installation removes it.
    const state = join(installed.folder, home, ".local/state/mcp-edge-gateway");
    expect(await readdir(state)).toEqual(expect.arrayContaining([".dev.vars", "state"]));
    expect(JSON.parse((await run(["config", "get"], owner)).stdout)).toMatchObject({
      mcpServers: { notes: { connector: true }, sse: { url: sse.url } },
    });
    const key = (await run(["keys", "create", "-n", "home", "--connect", "every"], owner)).stdout;

    const connectEnv = { GATEWAY_URL: url, GATEWAY_API_KEY: key.trim() };
    const connectArgs = ["connect", "--name", "every", "--", ...EVERYTHING];
    const elsewhere = { home: "elsewhere", env: connectEnv };
    let connector = await start(connectArgs, elsewhere);
    await connector.see(/every: connected/, BACK_MS);
    await eventually(
      "every backend is ready",
      async () => {
        const { stdout } = await run(["status"], caller);
        for (const name of ["every", "notes", "sse", "time"]) {
          expect(stdout).toMatch(new RegExp(`^ +${name} +ready `, "m"));
        }
      },
      BACK_MS,
    );

    const client = await openStdio(caller);
    const call = async (): Promise<void> => {
      const said = await Promise.all(
        [
          { name: "every_echo", arguments: { message: "from elsewhere" } },
          { name: "sse_echo", arguments: { message: "over SSE" } },
          { name: "notes_read_graph", arguments: {} },
          { name: "time_get_current_time", arguments: { timezone: "UTC" } },
        ].map(async (wanted) => JSON.stringify((await client.callTool(wanted)).content)),
      );
      expect(said[0]).toContain("from elsewhere");
      expect(said[1]).toContain("over SSE");
      expect(said[2]).toContain("entities");
      expect(said[3]).toContain("UTC");
    };
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toContain("time_get_current_time");
    await call();

    // That a connector is gone is known at its first silence, so only an answer says it is back.
    await connector.stop("SIGKILL");
    connector = await start(connectArgs, elsewhere);
    await eventually("calls reach the new connector", call, BACK_MS);

    await gateway.stop("SIGKILL");
    gateway = await start(serve, { home });
    await gateway.see(/Connect\n[\s\S]*curl /, 60_000);
    await eventually("calls reach the new gateway", call, BACK_MS);

    // The process of the client ends, and the next one finds everything.
    await client.close();
    const next = await openStdio(caller);
    expect((await next.listTools()).tools.length).toBe(tools.length);

    // Another file: the one that is served is watched.
    const fewer = join(installed.folder, "fewer.json");
    await writeFile(fewer, JSON.stringify({ mcpServers: { time: { builtin: "time" } } }));
    const put = await run(["config", "put", fewer], owner);
    expect(put).toMatchObject({ code: 0, stderr: "" });
    expect(put.stdout).toMatch(/^fewer\.json: removed every, notes, sse \(version \d+\)\n$/);
    expect(await gateway.stop()).toBe(0);
    expect(await connector.stop()).toBe(0);
  }, 180_000);

  async function openStdio(env: Record<string, string>): Promise<Client> {
    const client = new Client({ name: "packed", version: "1" });
    clients.push(client);
    const transport = new StdioClientTransport({
      command: node,
      args: [installed.script, "stdio"],
      env: { HOME: installed.folder, ...env },
      stderr: "ignore",
    });
    await client.connect(transport);
    return client;
  }
});
