import { expect, test } from "vitest";
import { CommandFailure } from "../../src/command/command-failure.ts";
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
    server: undefined,
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
    server: undefined,
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
  [["start", "--port"], "--port"],
  [["start", "--port", "http"], '--port: "http", wanted a number from 0 to 65535'],
  [["start", "--port", "65536"], "wanted a number from 0 to 65535"],
  [["start", "--config", ""], "--config: empty"],
  [["start", "mcp.json"], '"mcp.json"'],
  [["start", "--public-url", "mcp.example.com"], "--public-url"],
  [["start", "--public-url", "https://a.example/gateway"], "without a path"],
  [["start", "--dry-run"], "Unknown flag --dry-run"],
  [["deploy", "--name", "Big Name"], "--name"],
  [["deploy", "--domain", "https://x.example"], "--domain"],
  [["start", "--hot-reload"], "always watched"],
  [["start", "--cors-allow-origins", "*"], "allowedOrigins"],
])("refuses %j with one line and code 1", (argv, part) => {
  const failure = failureOf(...argv);
  expect(failure.exitCode).toBe(1);
  expect(failure.message).toContain(part);
  expect(failure.message).not.toContain("\n");
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
