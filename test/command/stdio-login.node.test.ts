import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { createLoginCredentials } from "../../src/bridge/login-credentials.ts";
import { openLoginStore } from "../../src/bridge/login-store.ts";
import { openConsent, redirectOf, submitConsent } from "../support/oauth-flow.ts";
import { startGateway, type StartedGateway } from "../support/start-gateway.ts";
import { startStdioCommand, type StdioCommand } from "../support/stdio-command.ts";

/** Without a key: the real gateway, and a browser that is played by the test. */

let gateway: StartedGateway;
let home: string;
let started: StdioCommand[];

beforeAll(async () => {
  gateway = await startGateway();
}, 120_000);
afterAll(() => gateway?.stop());
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "stdio-login-"));
  started = [];
});
afterEach(async () => {
  for (const command of started) command.kill("SIGKILL");
  await Promise.all(started.map(({ exited }) => exited));
  await rm(home, { recursive: true, force: true });
});

function stdio(args: readonly string[] = []): StdioCommand {
  const env = { GATEWAY_URL: gateway.url, XDG_CONFIG_HOME: home };
  const command = startStdioCommand(env, args);
  started.push(command);
  return command;
}

function list(command: StdioCommand, id: string | number = 1): Promise<unknown> {
  command.send({ jsonrpc: "2.0", id, method: "tools/list" });
  return command.answer(id);
}

async function asked(command: StdioCommand): Promise<URL> {
  const [, url = ""] = await command.log(/in the browser that opens, or at (\S+)/);
  return new URL(url);
}

/** What the owner does, up to where the browser is sent back. */
async function decide(url: URL, decision: "approve" | "deny" = "approve"): Promise<URL> {
  const consent = await openConsent(fetch, { url, verifier: "", state: "" });
  const form = { password: gateway.ownerPassword, decision };
  return redirectOf(await submitConsent(fetch, consent, form));
}

async function signIn(command: StdioCommand): Promise<void> {
  const back = await fetch(await decide(await asked(command)));
  expect(await back.text()).toContain("Signed in.");
}

async function kept(): Promise<string> {
  const folder = join(home, "mcp-edge-gateway/logins");
  const files = (await readdir(folder)).filter((name) => name.endsWith(".json"));
  expect(files).toHaveLength(1);
  return join(folder, files[0] ?? "");
}

async function change(login: Record<string, unknown>): Promise<void> {
  const path = await kept();
  await writeFile(path, JSON.stringify({ ...JSON.parse(await readFile(path, "utf8")), ...login }));
}

const TOOLS = { result: { tools: expect.arrayContaining([expect.anything()]) } };

test("asks a person once, keeps the login for nobody else, and starts with it again", async () => {
  const first = stdio();
  const answer = list(first);
  const url = await asked(first);
  expect(url.searchParams.get("code_challenge_method")).toBe("S256");
  expect(url.searchParams.get("resource")).toBe(`${gateway.url}/mcp`);
  expect(url.searchParams.get("redirect_uri")).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/callback$/);
  await signIn(first);
  expect(await answer).toMatchObject(TOOLS);
  const path = await kept();
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect((await stat(join(path, ".."))).mode & 0o777).toBe(0o700);

  // A login is good for every backend.
  const second = stdio(["--no-login", "--backend", "time"]);
  expect(await list(second)).toMatchObject(TOOLS);
  expect(second.stderr()).not.toContain("in the browser");
  expect(first.stderr()).not.toContain(JSON.parse(await readFile(path, "utf8")).accessToken);
});

test("refreshes what has run out, in two processes at once, without asking", async () => {
  const first = stdio();
  const answer = list(first);
  await signIn(first);
  await answer;
  const before = JSON.parse(await readFile(await kept(), "utf8"));
  // Known to be too old; the next one only turns out to be refused.
  await change({ accessToken: "stale", expiresAt: 1 });
  const both = [stdio(["--no-login"]), stdio(["--no-login"])];
  for (const answered of await Promise.all(both.map((command) => list(command)))) {
    expect(answered).toMatchObject(TOOLS);
  }
  await change({ accessToken: "stale", expiresAt: Date.now() + 3_600_000 });
  expect(await list(stdio(["--no-login"]))).toMatchObject(TOOLS);
  const after = JSON.parse(await readFile(await kept(), "utf8"));
  expect(after.refreshToken).not.toBe(before.refreshToken);
  expect(await readdir(join(await kept(), ".."))).toHaveLength(1);
});

test("takes the login that another process of the same user has asked for", async () => {
  const first = stdio();
  const answers = [list(first)];
  await asked(first);
  const second = stdio();
  answers.push(list(second));
  await second.log(/speaks to/);
  await signIn(first);
  for (const answer of await Promise.all(answers)) expect(answer).toMatchObject(TOOLS);
  expect(second.stderr()).not.toContain("in the browser");
});

test("asks again when the login is good for nothing any more", async () => {
  const first = stdio();
  const answer = list(first);
  await signIn(first);
  await answer;
  await change({ accessToken: "stale", refreshToken: "stale" });
  const second = stdio();
  const later = list(second);
  await signIn(second);
  expect(await later).toMatchObject(TOOLS);
});

test("answers with one sentence when it is not allowed, and does not ask again", async () => {
  const command = stdio();
  const answer = list(command);
  const back = await decide(await asked(command), "deny");
  expect(await (await fetch(back)).text()).toContain("Not signed in.");
  const refused = { error: { code: -32001, message: "Cannot sign in: it was not allowed" } };
  expect(await answer).toMatchObject(refused);
  expect(await list(command, 2)).toMatchObject(refused);
  expect(command.stderr().match(/in the browser/g)).toHaveLength(1);
});

test("is not fooled by a page that only knows the port", async () => {
  const command = stdio();
  const answer = list(command);
  const url = await asked(command);
  const redirect = url.searchParams.get("redirect_uri") ?? "";
  for (const query of ["?code=stolen&state=guessed", "?error=access_denied", ""]) {
    expect((await fetch(redirect + query)).status).toBe(404);
  }
  // Nor by an answer in another server's name.
  const back = await decide(url);
  back.searchParams.set("iss", "https://elsewhere.example.com");
  await (await fetch(back)).text();
  expect(await answer).toMatchObject({
    error: { message: "Cannot sign in: the answer is another server's" },
  });
});

test("gives a person so long and no longer, and asks nobody twice", async () => {
  const endpoint = new URL(`${gateway.url}/mcp`);
  const store = await openLoginStore(endpoint, { XDG_CONFIG_HOME: home });
  const shown: string[] = [];
  const credentials = createLoginCredentials({
    endpoint,
    store,
    show: (url) => void shown.push(url),
    waitMs: 200,
  });
  const why = { signal: new AbortController().signal, challenge: undefined };
  for (let tries = 0; tries < 2; tries += 1) {
    await expect(credentials.renew(undefined, why)).rejects.toThrow(
      "Cannot sign in: nobody did within 1 min",
    );
  }
  expect(shown).toHaveLength(1);
  expect(await readdir(join(store.path, ".."))).toEqual([]);
});

test("says in one line where it could not keep a login", async () => {
  const file = join(home, "file");
  await writeFile(file, "");
  const env = { GATEWAY_URL: gateway.url, XDG_CONFIG_HOME: file };
  const command = startStdioCommand(env);
  started.push(command);
  expect(await command.exited).toBe(1);
  expect(command.stderr()).toMatch(/^Cannot keep a login in .*set GATEWAY_API_KEY.*\n$/);
});

test("signs in and ends with --login; with --no-login and no login it ends with code 3", async () => {
  const without = stdio(["--no-login"]);
  expect(await without.exited).toBe(3);
  expect(without.stderr()).toBe(
    "Cannot start: no key and no login, set GATEWAY_API_KEY or sign in with --login\n",
  );
  const command = stdio(["--login"]);
  await signIn(command);
  expect(await command.exited).toBe(0);
  expect(command.lines).toEqual([]);
  expect(await list(stdio(["--no-login"]))).toMatchObject(TOOLS);
});
