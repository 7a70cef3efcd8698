import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type LocalServer, readLocalServers } from "../../src/connector/local-servers.ts";
import type { StdioServer } from "../../src/connector/stdio-process.ts";

function read(
  mcpServers: unknown,
  environment: Record<string, string> = {},
  folder = "/files",
  withRemote = false,
) {
  const devVars = { OF_DEV_VARS: "of-dev-vars" };
  const text = JSON.stringify({ mcpServers });
  return readLocalServers({
    text,
    folder,
    environment,
    given: { RUN: "of-run" },
    devVars,
    withRemote,
  });
}

function stdioOf([server]: readonly LocalServer[]): StdioServer {
  if (server?.kind !== "stdio") throw new Error("not a program");
  return server.stdio;
}

test("finds addresses for a gateway that cannot reach them itself", () => {
  const home = { url: "http://192.168.1.4/sse", headers: { authorization: "Bearer ${HA}" } };
  const { servers } = read({ home, time: { builtin: "time" } }, { HA: "token" }, "/files", true);
  const headers = { authorization: "Bearer token" };
  expect(servers).toEqual([
    { name: "home", kind: "remote", remote: { kind: "sse", url: home.url, headers } },
  ]);
});

test("finds what runs here, and leaves out what does not", () => {
  const { servers, missing } = read({
    nas: { command: "truenas-mcp", args: ["-v"], env: { PORT: 80 } },
    off: { command: "x", disabled: true },
    wave: { url: "https://wave.example.com/mcp" },
    time: { builtin: "time" },
  });
  expect(missing).toEqual([]);
  expect(servers).toEqual([
    {
      name: "nas",
      kind: "stdio",
      stdio: {
        command: "truenas-mcp",
        args: ["-v"],
        env: { PORT: "80" },
        cwd: undefined,
        secrets: ["of-run", "80", "-v"],
      },
    },
  ]);
});

test("fills references in every place, and names those without a value once", () => {
  const { servers, missing } = read(
    {
      nas: {
        command: "${BIN}/x",
        args: ["${A}", "${B}"],
        env: { K: "Bearer ${A}", L: "${B}" },
        cwd: "${DIR}",
      },
    },
    { BIN: "/opt", A: "a", DIR: "sub" },
  );
  expect(stdioOf(servers)).toMatchObject({
    command: "/opt/x",
    args: ["a", "${B}"],
    env: { K: "Bearer a", L: "${B}" },
    cwd: "/files/sub",
  });
  expect(missing).toEqual(["B"]);
});

test("lets servers inherit the environment, without what is ours alone", () => {
  const { servers } = read(
    { nas: { command: "x", env: { LLM_API_KEY: "wanted", A: "${OF_DEV_VARS}" } } },
    {
      GATEWAY_API_KEY: "ours",
      LLM_API_KEY: "ours",
      CLOUDFLARE_API_TOKEN: "ours",
      npm_lifecycle_event: "start",
      OF_THE_SHELL: "passed on",
    },
  );
  const env = { LLM_API_KEY: "wanted", OF_THE_SHELL: "passed on", A: "of-dev-vars" };
  expect(stdioOf(servers).env).toEqual(env);
});

test("never gives away the gateway's own secrets", () => {
  const variables = { LOCAL_COMMAND_KEY: "ours", ENCRYPTION_KEY: "ours", OWNER_PASSWORD: "ours" };
  const { servers, missing } = read(
    {
      nas: {
        command: "x",
        args: ["${LOCAL_COMMAND_KEY}", "${ENCRYPTION_KEY}", "${OWNER_PASSWORD}"],
      },
    },
    variables,
  );
  expect(JSON.stringify(servers)).not.toContain("ours");
  expect(missing).toEqual(["LOCAL_COMMAND_KEY", "ENCRYPTION_KEY", "OWNER_PASSWORD"]);
});

test("reads the file of variables that an entry names", async () => {
  const folder = await mkdtemp(join(tmpdir(), "servers-"));
  await writeFile(join(folder, ".env"), "TOKEN=from-file\nOTHER=kept\n");
  const { servers } = read(
    { nas: { command: "x", envFile: ".env", env: { TOKEN: "own" } } },
    {},
    folder,
  );
  await rm(folder, { recursive: true });
  expect(stdioOf(servers).env).toEqual({ TOKEN: "own", OTHER: "kept" });
});

test("refuses a file that is none, as the gateway would", () => {
  expect(() => read({ nas: { command: 5 } })).toThrow("mcpServers.nas.command");
  expect(() => read({ nas: { command: "x", env: { A: { secret: 1 } } } })).toThrow(
    /^mcpServers\.nas\.env\.A: "…", wanted an object of strings$/,
  );
  expect(() => read({ nas: { command: "x", cwd: 5 } })).toThrow("mcpServers.nas.cwd");
});
