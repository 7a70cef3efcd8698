import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import * as z from "zod";
import { CommandFailure } from "../../src/shell/command-failure.ts";
import type { DeployOptions } from "../../src/command/command-line.ts";
import { deploy, type DeployWorld } from "../../src/command/deploy.ts";
import { createWrangler } from "../../src/command/wrangler-run.ts";

const accountSchema = z.object({
  loggedIn: z.boolean(),
  url: z.string(),
  namespaces: z.array(z.object({ id: z.string(), title: z.string() })),
  secrets: z.record(z.string(), z.string()),
  worker: z.looseObject({ name: z.string() }).optional(),
  calls: z.array(z.string()),
  deployError: z.string().optional(),
  secretListError: z.string().optional(),
});
type Account = z.infer<typeof accountSchema>;

const OPTIONS: DeployOptions = {
  kind: "deploy",
  config: undefined,
  name: undefined,
  domain: undefined,
  publicUrl: undefined,
  dryRun: false,
};

let folder: string;
let server: Server;
let said: string[];
let uploads: { headers: IncomingMessage["headers"]; body: string }[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "deploy-"));
  said = [];
  uploads = [];
  server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      if (request.method === "PUT") uploads.push({ headers: request.headers, body });
      response.setHeader("content-type", "application/json");
      response.end(
        request.method === "PUT" ? '{"version":1,"warnings":["a: hm"]}' : '{"status":"ok"}',
      );
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  await writeAccount({
    loggedIn: true,
    url: `http://127.0.0.1:${port}`,
    namespaces: [],
    secrets: {},
    calls: [],
  });
  await mkdir(join(folder, "bundle"));
  await writeFile(join(folder, "bundle", "index.js"), "export default {};".repeat(100));
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true, force: true });
});

async function readAccount(): Promise<Account> {
  return accountSchema.parse(JSON.parse(await readFile(join(folder, "account.json"), "utf8")));
}
async function writeAccount(account: Account): Promise<void> {
  await writeFile(join(folder, "account.json"), JSON.stringify(account));
}

function run(options: Partial<DeployOptions> = {}, env: DeployWorld["env"] = {}): Promise<number> {
  const wrangler = createWrangler(resolve(import.meta.dirname, "fake-wrangler.mjs"));
  return deploy(
    { ...OPTIONS, ...options },
    {
      wrangler: (args, given = {}) =>
        wrangler(args, {
          ...given,
          env: { ...given.env, FAKE_ACCOUNT: join(folder, "account.json") },
        }),
      bundle: async () => ({
        folder: join(folder, "bundle"),
        main: "index.js",
        settings: {
          name: "gate",
          compatibilityDate: "2026-10-01",
          compatibilityFlags: [],
          vars: {},
          kv: [],
          objects: [],
        },
      }),
      folder: join(folder, "scratch"),
      devVars: join(folder, ".dev.vars"),
      env,
      say: (line) => said.push(line),
    },
  );
}

test("brings an empty account to a public address, and shows the new secrets once", async () => {
  expect(await run()).toBe(0);
  const account = await readAccount();
  expect(account.namespaces).toEqual([{ id: "id-0", title: "gate-kv" }]);
  expect(account.worker).toMatchObject({
    name: "gate",
    kv_namespaces: [{ binding: "GATEWAY_KV", id: "id-0" }],
  });
  expect(Object.keys(account.secrets).toSorted()).toEqual([
    "ENCRYPTION_KEY",
    "GATEWAY_API_KEY",
    "OWNER_PASSWORD",
    "PUBLIC_URL",
  ]);
  expect(account.secrets["PUBLIC_URL"]).toBe(account.url);
  const text = said.join("\n");
  expect(text).toContain(`${account.secrets["OWNER_PASSWORD"]}  (shown once)`);
  expect(text).toContain(`${account.secrets["GATEWAY_API_KEY"]}  (shown once)`);
  expect(text).not.toContain(account.secrets["ENCRYPTION_KEY"]);
});

test("finds everything the second time, and only deploys the code", async () => {
  await run();
  const first = await readAccount();
  await writeAccount({ ...first, calls: [] });
  said = [];
  expect(await run()).toBe(0);
  const second = await readAccount();
  expect(second.secrets).toEqual(first.secrets);
  expect(second.namespaces).toEqual(first.namespaces);
  expect(second.calls.map((call) => call.split(" --")[0])).toEqual([
    "whoami",
    "kv namespace list",
    "secret list",
    "deploy",
  ]);
  expect(said.join("\n")).not.toContain("shown once");
});

test("leaves no secret on this machine once it was shown", async () => {
  await run();
  const { secrets } = await readAccount();
  for (const name of await readdir(join(folder, "scratch", "gate"))) {
    const text = await readFile(join(folder, "scratch", "gate", name), "utf8");
    expect(text).not.toContain(secrets["OWNER_PASSWORD"]);
    expect(text).not.toContain(secrets["ENCRYPTION_KEY"]);
  }
});

test("shows secrets that a failed run had set already", async () => {
  await writeAccount({ ...(await readAccount()), deployError: "domain is taken" });
  await expect(run()).rejects.toThrow("Cannot deploy: domain is taken");
  const { deployError: _, ...account } = await readAccount();
  await writeAccount(account);
  await run();
  expect(said.join("\n")).toContain(`${account.secrets["OWNER_PASSWORD"]}  (shown once)`);
});

test("sets the secrets a config refers to, uploads it, and names what has no value", async () => {
  const config = join(folder, "mcp.json");
  const text =
    '{"mcpServers":{"erp":{"url":"https://${ERP_HOST}","headers":{"x":"${ERP_KEY}${GONE}"}}}}';
  await writeFile(config, text);
  await writeFile(join(folder, ".dev.vars"), 'ERP_KEY="from-file"\nOWNER_PASSWORD="local"\n');
  await run({ config }, { ERP_HOST: "erp.example.com" });
  const { secrets } = await readAccount();
  expect(secrets).toMatchObject({ ERP_HOST: "erp.example.com", ERP_KEY: "from-file" });
  expect(secrets["OWNER_PASSWORD"]).not.toBe("local");
  expect(uploads).toHaveLength(1);
  expect(uploads[0]?.body).toBe(text);
  const basic = Buffer.from(`owner:${secrets["OWNER_PASSWORD"]}`).toString("base64");
  expect(uploads[0]?.headers).toMatchObject({ authorization: `Basic ${basic}` });
  expect(uploads[0]?.headers).not.toHaveProperty("x-local-command-key");
  expect(said.join("\n")).toContain("npx wrangler secret put GONE --name gate");
  expect(said).toContain("    ! mcp.json: a: hm");
});

test("keeps what starts a local server here, and says how to bring it", async () => {
  const config = join(folder, "mcp.json");
  const nas = { command: "nas-mcp", args: ["--key=abc"], env: { TOKEN: "${NAS_TOKEN}" } };
  await writeFile(config, JSON.stringify({ mcpServers: { nas } }));
  await run({ config }, { NAS_TOKEN: "secret-of-nas" });
  expect((await readAccount()).secrets).not.toHaveProperty("NAS_TOKEN");
  expect(uploads[0]?.body).toBe('{"mcpServers":{"nas":{"connector":true}}}');
  expect(said.join("\n")).toMatch(/nas: started here, .*\n +npm run connect -- --gateway http/);
});

test("refuses an API key that the gateway would not take, before it sets one", async () => {
  await expect(run({}, { GATEWAY_API_KEY: "top-secret" })).rejects.toThrow(
    "GATEWAY_API_KEY: 10 characters, wanted at least 16 where others reach the gateway",
  );
  expect((await readAccount()).secrets).toEqual({});
});

test("gives the language model of the environment to the account, and keeps it there", async () => {
  await run({}, { LLM_BASE_URL: "https://llm.example/v1", LLM_API_KEY: "sk-1", LLM_MODEL: "a" });
  await run({}, { LLM_MODEL: "b" });
  await run();
  const { secrets } = await readAccount();
  expect(secrets).toMatchObject({
    LLM_BASE_URL: "https://llm.example/v1",
    LLM_API_KEY: "sk-1",
    LLM_MODEL: "b",
  });
  expect(said.join("\n")).not.toContain("sk-1");
});

test("asks for the owner password before it changes anything, when it cannot know it", async () => {
  await run();
  const config = join(folder, "mcp.json");
  await writeFile(config, '{"mcpServers":{}}');
  const before = await readAccount();
  await expect(run({ config })).rejects.toThrow("OWNER_PASSWORD in the environment");
  expect((await readAccount()).calls.slice(before.calls.length)).not.toContain("deploy");
  expect(await run({ config }, { OWNER_PASSWORD: "known" })).toBe(0);
  expect((await readAccount()).secrets["OWNER_PASSWORD"]).toBe(before.secrets["OWNER_PASSWORD"]);
});

test("serves at a host name of one's own", async () => {
  await run({ domain: "mcp.example.com", name: "other" });
  const account = await readAccount();
  expect(account.worker).toMatchObject({
    name: "other",
    routes: [{ pattern: "mcp.example.com", custom_domain: true }],
  });
  expect(account.secrets["PUBLIC_URL"]).toBe("https://mcp.example.com");
});

test("says how to log in", async () => {
  await writeAccount({ ...(await readAccount()), loggedIn: false });
  const failure: unknown = await run().catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(CommandFailure);
  expect(String(failure)).toContain("npx wrangler login");
});

test("makes no new keys when the list of secrets could not be read", async () => {
  await run();
  const before = await readAccount();
  await writeAccount({ ...before, secretListError: "A request to the API failed" });
  await expect(run()).rejects.toThrow("Cannot list secrets: A request to the API failed");
  expect((await readAccount()).secrets).toEqual(before.secrets);
});

test("only tells the steps in a dry run", async () => {
  await writeAccount({ ...(await readAccount()), loggedIn: false });
  expect(await run({ dryRun: true })).toBe(0);
  expect((await readAccount()).calls).toEqual([]);
  expect(said.join("\n")).toContain("2 KiB");
});
