import { expect, test } from "vitest";
import { CommandFailure } from "../../src/shell/command-failure.ts";
import { parseCommandLine } from "../../src/command/command-line.ts";
import { helpText } from "../../src/command/help-text.ts";

function failureOf(...argv: string[]): CommandFailure {
  try {
    parseCommandLine(argv);
  } catch (error) {
    if (error instanceof CommandFailure) return error;
    throw error;
  }
  throw new Error(`accepted: ${argv.join(" ")}`);
}

const NOTHING_SAID = {
  server: undefined,
  openapi: {},
  env: {},
  envPath: undefined,
  logLevel: undefined,
  notes: [],
};

test("serves on loopback port 8787 when nothing is said", () => {
  expect(parseCommandLine(["start"])).toEqual({
    kind: "start",
    port: 8787,
    host: "127.0.0.1",
    config: undefined,
    apiKey: undefined,
    ownerPassword: undefined,
    state: undefined,
    publicUrl: undefined,
    ...NOTHING_SAID,
  });
});

test("takes every flag of the contract, and mcpo's short ones", () => {
  const long = parseCommandLine(
    "start --port 0 --host 0.0.0.0 --config m.json --api-key k --owner-password p --state s --public-url https://mcp.example.com/".split(
      " ",
    ),
  );
  expect(long).toEqual({
    kind: "start",
    port: 0,
    host: "0.0.0.0",
    config: "m.json",
    apiKey: "k",
    ownerPassword: "p",
    state: "s",
    publicUrl: "https://mcp.example.com",
    ...NOTHING_SAID,
  });
  expect(parseCommandLine(["dev", "-p", "9", "-c", "x", "-k", "y"])).toMatchObject({
    kind: "dev",
    port: 9,
    config: "x",
    apiKey: "y",
  });
  expect(
    parseCommandLine(["deploy", "--name", "gate", "--domain", "mcp.example.com", "--dry-run"]),
  ).toMatchObject({ kind: "deploy", name: "gate", domain: "mcp.example.com", dryRun: true });
});

test("answers -h, --help and --version before anything else is looked at", () => {
  expect(parseCommandLine([])).toEqual({ kind: "help", about: undefined });
  expect(parseCommandLine(["-h"])).toEqual({ kind: "help", about: undefined });
  expect(parseCommandLine(["-v"])).toEqual({ kind: "version" });
  expect(parseCommandLine(["start", "-v", "-p", "1"])).toEqual({ kind: "version" });
  expect(parseCommandLine(["start", "-h", "-p", "1"])).toEqual({ kind: "help", about: "start" });
  expect(parseCommandLine(["start", "-h"])).toEqual({ kind: "help", about: "start" });
  expect(parseCommandLine(["deploy", "--help"])).toEqual({ kind: "help", about: "deploy" });
  expect(parseCommandLine(["start", "--version"])).toEqual({ kind: "version" });
  for (const about of ["start", "dev", "connect", "deploy", undefined] as const) {
    const lines = helpText(about).split("\n");
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
  }
});

test.each([
  [["serve"], '"serve"'],
  [["start", "--prot", "1"], "Unknown flag --prot"],
  [["start", "--prot=1"], "Unknown flag --prot"],
  [["start", "-x"], "Unknown flag -x"],
  [["start", "--port"], "--port: missing, wanted a value (see --help)"],
  [["start", "--name", "--strict-auth"], "--name: followed by a flag, wanted a value"],
  [["start", "-k", "-hunter2"], "-k: followed by a flag, wanted a value (or -kVALUE)"],
  [["start", "--port", "http"], '--port: "http", wanted a number from 0 to 65535'],
  [["start", "--port", "65536"], "wanted a number from 0 to 65535"],
  [["start", "--config", ""], "--config: empty"],
  [["start", "mcp.json"], '"mcp.json"'],
  [["start", "--public-url", "mcp.example.com"], "--public-url"],
  [["start", "--public-url", "https://a.example/gateway"], "without a path"],
  [["start", "--dry-run"], "Unknown flag --dry-run"],
  [["deploy", "--name", "Big Name"], "--name"],
  [["deploy", "--domain", "https://x.example"], "--domain"],
  [["start", "--hot-reload=yes"], "--hot-reload: takes no value"],
  [["start", "--ssl-certfile", "c.pem"], "a proxy or a tunnel that has the certificate"],
  [["start", "-t", "c.pem"], "or deploy to the edge"],
  [["start", "--ssl-keyfile=k.pem"], "Cannot use --ssl-keyfile"],
  [["start", "-K", "k.pem"], "Cannot use -K"],
  [["start", "--api-key", "Bearer abc"], '--api-key: "…", wanted the key alone'],
  [["start", "--api-key", "two words"], '--api-key: "…", wanted a key without spaces'],
  [["start", "--log-level", "loud"], '"loud", wanted one of debug, info, warning, error'],
  [["start", "--env", "NAME"], '--env: "NAME" is not of the form KEY=VALUE'],
  [["start", "-e", "A=1", "-e", "sk-hunter2-hunter2"], "--env: number 2 is not of the form"],
  [["start", "-e", "=hunter2"], "--env: number 1 is not of the form"],
  [["start", "--path-prefix", "a b"], '--path-prefix: "a b", wanted a path like "/tools"'],
  [["start", "--root-path", "../x"], '--root-path: "../x", wanted a path'],
  [["start", "--compat", "mcp"], '--compat: "mcp", wanted one of "mcpo"'],
  [["start", "--cors-allow-origins", "x"], '--cors-allow-origins: "x", wanted origins like'],
  [["start", "--strict-auth", "--public-documents"], "choose one"],
  [["start", "--name", ""], "--name: "],
  [["start", "--header", "{}"], 'the one server after "--"'],
  [["start", "--type", "sse", "-c", "m.json"], "it is a key of the entry"],
  [["start", "--type", "sse", "--", "npx", "x"], 'after "--" is not a URL'],
  [["start", "--type", "stdio", "--", "https://x.example/mcp"], 'after "--" is not a command'],
  [["start", "--type", "ws", "--", "https://x.example"], '--type: "ws", wanted one of stdio, http'],
  [["start", "--type", "sse", "--server-type", "http", "--", "https://x"], "mean the same"],
  [["start", "--header", "{hunter2", "--", "https://x.example"], "--header: not JSON, wanted"],
  [["start", "--header", '{"X": 1}', "--", "https://x.example"], "--header.X: a number"],
  [["start", "--header", '["hunter2"]', "--", "https://x.example"], "--header: "],
  [["start", "--header", "{}", "--", "npx", "x"], "is sent no headers"],
])("refuses %j with one line and code 1", (argv, part) => {
  const failure = failureOf(...argv);
  expect(failure.exitCode).toBe(1);
  expect(failure.message).toContain(part);
  expect(failure.message).not.toMatch(/\n|hunter2/);
});

test("takes mcpo's flags, long and short, for the keys of the config they stand for", () => {
  const openapi = {
    pathPrefix: "/tools",
    rootPath: "/api/mcpo",
    title: "House",
    description: "All of it",
    version: "2.0",
    allowedOrigins: ["https://a.example", "*"],
    compat: "mcpo",
    publicDocuments: true,
  };
  const rest = "--path-prefix /tools --root-path /api/mcpo --compat mcpo --public-documents";
  const cors = "--cors-allow-origins https://a.example --cors-allow-origins *";
  const long = ["--name", "House", "--description", "All of it", "--version", "2.0"];
  const short = ["-n", "House", "-d", "All of it", "-v", "2.0"];
  for (const document of [long, short]) {
    const line = ["start", ...document, ...rest.split(" "), ...cors.split(" ")];
    expect(parseCommandLine(line)).toMatchObject({ openapi });
  }
  expect(parseCommandLine(["start", "--path-prefix", "", "--root-path="])).toMatchObject({
    openapi: { pathPrefix: "", rootPath: "" },
  });
});

test("understands the commands of mcpo's manual with the command's name changed", () => {
  const read = (line: string, ...after: string[]) =>
    parseCommandLine(["start", ...line.split(" "), ...after]);
  const common = { kind: "start", port: 8000, apiKey: "top-secret" };
  const begin = "--port 8000 --api-key top-secret";
  expect(read(`${begin} -- uvx mcp-server-time --local-timezone=America/New_York`)).toMatchObject({
    ...common,
    server: {
      name: "time",
      command: ["uvx", "mcp-server-time", "--local-timezone=America/New_York"],
    },
  });
  expect(read(`${begin} --server-type sse -- http://127.0.0.1:8001/sse`)).toMatchObject({
    ...common,
    server: { url: "http://127.0.0.1:8001/sse", type: "sse" },
  });
  const header = '{"Authorization": "Bearer token", "X-Custom-Header": "value"}';
  expect(
    read(`${begin} --server-type sse --header`, header, "--", "http://127.0.0.1:8001/sse"),
  ).toMatchObject({ ...common, server: { headers: JSON.parse(header) } });
  expect(read(`${begin} --server-type streamable-http -- http://127.0.0.1:8002/mcp`)).toMatchObject(
    { ...common, server: { type: "streamable-http" } },
  );
  expect(read("--config /path/to/config.json --hot-reload")).toMatchObject({
    config: "/path/to/config.json",
  });
});

test("takes -h with a value for the host, as mcpo does", () => {
  expect(parseCommandLine(["start", "-h", "0.0.0.0", "-p", "1"])).toMatchObject({
    host: "0.0.0.0",
    port: 1,
  });
  // What belongs to the server after "--" is its own.
  expect(parseCommandLine(["start", "--", "x", "-h"])).toMatchObject({
    host: "127.0.0.1",
    server: { command: ["x", "-h"] },
  });
});

test("serves when called with nothing but flags, as mcpo is", () => {
  expect(parseCommandLine(["--port", "8000", "--", "npx", "x"])).toMatchObject({
    kind: "start",
    port: 8000,
    server: { name: "x" },
  });
  expect(parseCommandLine(["-h", "127.0.0.1"])).toMatchObject({ kind: "start" });
});

test("says of flags for what always holds that it does", () => {
  const line = parseCommandLine(["start", "--strict-auth", "--hot-reload"]);
  expect(line).toMatchObject({
    openapi: { publicDocuments: false },
    notes: [
      "--strict-auth: always so, documents included",
      "--hot-reload: always so, with --config",
    ],
  });
});

test("reads variables, whose values may hold anything", () => {
  expect(parseCommandLine(["start", "-e", "A=b=c", "--env", "EMPTY=", "-e", "A=2"])).toMatchObject({
    env: { A: "2", EMPTY: "" },
  });
  expect(parseCommandLine(["start", "--env-path", ".env"])).toMatchObject({ envPath: ".env" });
});

test.each([
  ["debug", "debug"],
  ["INFO", "info"],
  ["WARNING", "warn"],
  ["warn", "warn"],
  ["ERROR", "error"],
  ["CRITICAL", "error"],
])("takes --log-level %s", (written, logLevel) => {
  expect(parseCommandLine(["start", "--log-level", written])).toMatchObject({ logLevel });
});

test.each([
  "sse",
  "streamable-http",
  "streamable_http",
  "streamablehttp",
  "streamableHttp",
  "http",
])("takes --type %s and headers for the one remote server", (type) => {
  const header = '{"Authorization": "Bearer ${TOKEN}"}';
  for (const flag of ["--type", "--server-type"]) {
    expect(
      parseCommandLine(["start", flag, type, "-H", header, "--", "https://x.example/mcp"]),
    ).toMatchObject({
      server: {
        name: "x",
        url: "https://x.example/mcp",
        type: type.toLowerCase(),
        headers: { Authorization: "Bearer ${TOKEN}" },
      },
    });
  }
});

test("takes everything after -- as one server, flags included", () => {
  expect(
    parseCommandLine(["start", "-k", "top", "--", "npx", "-y", "@x/server-memory", "--port", "1"]),
  ).toMatchObject({
    port: 8787,
    apiKey: "top",
    server: { name: "memory", command: ["npx", "-y", "@x/server-memory", "--port", "1"] },
  });
  expect(parseCommandLine(["start", "--", "https://mcp.wave.example.com/mcp"])).toMatchObject({
    server: { name: "wave", url: "https://mcp.wave.example.com/mcp" },
  });
  expect(parseCommandLine(["start", "--name", "notes", "--", "npx", "x"])).toMatchObject({
    server: { name: "notes", command: ["npx", "x"] },
  });
  // mcpo's --name is a title and may be any text.
  expect(parseCommandLine(["start", "--name", "My notes", "--", "npx", "x"])).toMatchObject({
    server: { name: "x" },
  });
});

test("reads where to connect to, and what", () => {
  expect(
    parseCommandLine(
      "connect -g https://mcp.example.com -k key --once --name nas -- truenas-mcp -v".split(" "),
    ),
  ).toEqual({
    kind: "connect",
    gateway: "https://mcp.example.com",
    key: "key",
    config: undefined,
    server: { name: "nas", command: ["truenas-mcp", "-v"] },
    once: true,
  });
  expect(parseCommandLine(["connect", "-c", "mcp.json"])).toMatchObject({
    gateway: undefined,
    key: undefined,
    config: "mcp.json",
    server: undefined,
    once: false,
  });
});

test.each([
  [["start", "--"], 'nothing after "--"'],
  [["start", "-c", "mcp.json", "--", "npx"], "choose one"],
  [["start", "--", "https://x.example/mcp", "-v"], '"-v"'],
  [["connect", "--name", "My NAS", "--", "x"], '--name: "My NAS"'],
  [["connect", "--name", "nas"], "none is there"],
  [["connect", "--port", "1"], "Unknown flag --port"],
  [["deploy", "--", "npx"], "starts no programs"],
])("refuses %j: what is served must be clear", (argv, part) => {
  const failure = failureOf(...argv);
  expect(failure.exitCode).toBe(1);
  expect(failure.message).toContain(part);
  expect(failure.message).not.toContain("\n");
});
