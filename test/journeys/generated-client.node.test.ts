import { execFile } from "node:child_process";
import { cp, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { isJsonObject, type JsonObject } from "../../src/core/json.ts";
import { fetchDocument } from "../support/fetch-document.ts";
import { type RealServer, startEverything } from "../support/real-servers.ts";
import { type StartedGateway, startGateway } from "../support/start-gateway.ts";

/**
 * What a developer does with a document: makes types of it, writes a client against them and calls
 * every tool of a server that nobody wrote for this.
 */

const ROOT = resolve(import.meta.dirname, "../..");
const SUPPORT = join(ROOT, "test/support");
const MODULES = join(ROOT, "node_modules");
const NODE = join(MODULES, ".bin/node");
const LIMIT = { timeout: 50_000, maxBuffer: 16 * 1024 * 1024 };

const run = promisify(execFile);
const cleanup = new AsyncDisposableStack();
let folder: string;
let everything: RealServer;
let gateway: StartedGateway;
let document: JsonObject;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "gateway-client-"));
  cleanup.defer(() => rm(folder, { recursive: true, force: true }));
  everything = await startEverything("streamableHttp");
  cleanup.defer(async () => void (await everything.stop()));
  const mcpServers = { everything: { url: everything.url } };
  await writeFile(join(folder, "mcp.json"), JSON.stringify({ mcpServers }));
  gateway = await startGateway(["--config", join(folder, "mcp.json")]);
  cleanup.defer(async () => void (await gateway.stop()));
  document = await fetchDocument(gateway, "/everything/openapi.json", hasAll);
});
afterAll(() => cleanup.disposeAsync());

/** It lists some of its tools only a moment after it was met. */
function hasAll({ paths }: JsonObject): boolean {
  return isJsonObject(paths) && paths["/simulate-research-query"] !== undefined;
}

/** A project as a developer has one, next to the types made from the document. */
async function makeProject(): Promise<void> {
  const api = join(folder, "openapi.json");
  await writeFile(api, JSON.stringify(document));
  await run(
    NODE,
    [
      "--import",
      join(SUPPORT, "typescript-5.mjs"),
      join(MODULES, "openapi-typescript/bin/cli.js"),
      api,
      "--output",
      join(folder, "api.ts"),
    ],
    LIMIT,
  );
  await cp(join(SUPPORT, "everything-client.ts.txt"), join(folder, "client.ts"));
  await symlink(MODULES, join(folder, "node_modules"));
  const compilerOptions = {
    strict: true,
    noEmit: true,
    target: "es2024",
    lib: ["es2024", "dom"],
    module: "nodenext",
    types: ["node"],
    allowImportingTsExtensions: true,
    skipLibCheck: true,
  };
  const config = { compilerOptions, files: ["client.ts"] };
  await writeFile(join(folder, "package.json"), JSON.stringify({ type: "module" }));
  await writeFile(join(folder, "tsconfig.json"), JSON.stringify(config));
}

test("a client made from the document calls every tool, and cannot be written wrongly", async () => {
  await makeProject();
  const compiled = await run(
    NODE,
    [join(MODULES, "typescript/bin/tsc"), "--project", folder],
    LIMIT,
  ).catch((error: { stdout: string }) => error);
  expect(compiled.stdout).toBe("");
  const { stdout } = await run(
    NODE,
    [join(folder, "client.ts"), `${gateway.url}/everything`, gateway.apiKey],
    LIMIT,
  );
  const answers: Record<string, unknown> = JSON.parse(stdout);
  const paths = document["paths"] as Record<string, { post?: { operationId?: string } }>;
  const tools = Object.keys(paths).filter((path) => paths[path]?.post?.operationId !== undefined);
  expect(Object.keys(ANSWERS).toSorted()).toEqual([...tools, ...MISTAKES].toSorted());
  expect(answers).toMatchObject(ANSWERS);
});

/** Tools the server has only for clients that can be asked, which nobody behind REST can. */
const asking = (name: string) => ({
  status: 500,
  body: { detail: { message: expect.stringContaining(name), code: "tool_error", tool: name } },
});
const invalid = (type: string, field: string) => ({
  status: 422,
  body: { detail: [{ type, loc: ["body", field] }] },
});
const told = (text: string) => ({ status: 200, body: expect.stringContaining(text) });
const picture = expect.stringMatching(/^data:image\/png;base64,/);

const ANSWERS: Record<string, unknown> = {
  "/echo": { status: 200, body: "Echo: hello" },
  "/get-annotated-message": { status: 200, body: ["Error: Operation failed", picture] },
  "/get-env": { status: 200, body: { VITEST: "true" } },
  "/get-resource-links": {
    status: 200,
    body: [
      expect.any(String),
      { type: "resource_link", uri: "demo://resource/dynamic/blob/1" },
      { type: "resource_link", uri: "demo://resource/dynamic/text/2" },
    ],
  },
  "/get-resource-reference": {
    status: 200,
    body: [
      expect.any(String),
      { type: "resource", uri: "demo://resource/dynamic/text/3", mimeType: "text/plain" },
      expect.any(String),
    ],
  },
  "/get-structured-content": { status: 200, degrees: 36 },
  "/get-sum": { status: 200, body: "The sum of 2 and 40 is 42." },
  "/get-tiny-image": { status: 200, body: [expect.any(String), picture, expect.any(String)] },
  "/gzip-file-as-resource": { status: 200, body: { type: "resource_link", name: "a.gz" } },
  "/toggle-simulated-logging": told("simulated"),
  "/toggle-subscriber-updates": told("simulated resource updated notifications"),
  "/trigger-long-running-operation": told("Duration: 0.2 seconds, Steps: 2"),
  "/get-roots-list": asking("get-roots-list"),
  "/trigger-elicitation-request": asking("trigger-elicitation-request"),
  "/trigger-url-elicitation": asking("trigger-url-elicitation"),
  "/trigger-sampling-request": asking("trigger-sampling-request"),
  "/simulate-research-query": asking("simulate-research-query"),
  "a city that is not there": invalid("literal_error", "location"),
  "a text for a number": invalid("float_type", "a"),
  "nothing for a message": invalid("missing", "message"),
  "a tool that is not there": { status: 404 },
};

/** The compiler refuses these, and so does the gateway. */
const MISTAKES = Object.keys(ANSWERS).filter((name) => !name.startsWith("/"));
