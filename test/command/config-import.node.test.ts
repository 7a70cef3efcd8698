import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { parseConfig, parseDocumentText } from "../../src/config/config-document.ts";
import { clientConfigs } from "../../src/command/client-configs.ts";
import { importConfig } from "../../src/command/config-import.ts";
import type { ImportOptions } from "../../src/command/config-line.ts";
import { runCommand } from "../support/run-command.ts";

let home: string;
let folder: string;
let printed: string[];
let asked: string[];

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "import-"));
  folder = join(home, "project");
  printed = [];
  asked = [];
});
afterEach(() => rm(home, { recursive: true, force: true }));

async function place(path: string, content: unknown): Promise<string> {
  const file = join(home, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, typeof content === "string" ? content : JSON.stringify(content));
  return file;
}

async function run(options: Partial<ImportOptions> = {}, answer?: boolean): Promise<string> {
  await importConfig(
    { action: "import", from: [], write: undefined, yes: false, ...options },
    {
      machine: { platform: "linux", home, env: {}, folder },
      output: { print: (line) => printed.push(line), tell: (line) => printed.push(line) },
      confirm:
        answer === undefined
          ? undefined
          : async (question) => {
              asked.push(question);
              return answer;
            },
    },
  );
  return printed.join("\n");
}

const DESKTOP = ".config/Claude/claude_desktop_config.json";
const memory = { command: "npx", args: ["-y", "@modelcontextprotocol/server-memory"] };

test("finds the servers of all five programs, and of this project alone", async () => {
  const of = (name: string, key = "mcpServers"): unknown => ({
    [key]: { [name]: { url: `https://${name}.example.com/mcp` } },
  });
  await place(DESKTOP, of("desktop"));
  const ours = { mcpServers: { here: memory } };
  const theirs = { mcpServers: { elsewhere: memory } };
  await place(".claude.json", {
    ...(of("code") as object),
    projects: { [folder]: ours, "/other": theirs },
  });
  await place("project/.mcp.json", of("team"));
  await place(".cursor/mcp.json", of("cursor"));
  await place("project/.cursor/mcp.json", of("cursor-project"));
  await place(".config/Code/User/mcp.json", of("vs", "servers"));
  await place(".config/Code/User/settings.json", { mcp: of("vs-old", "servers") });
  await place("project/.vscode/mcp.json", of("vs-project", "servers"));
  await place(".codeium/windsurf/mcp_config.json", of("wind"));
  const shown = await run();
  const names = [...shown.matchAll(/^ {2}(\S+) +(?:streamable-http|stdio) /gm)].map(([, x]) => x);
  const wanted = ["desktop", "code", "here", "team", "cursor", "cursor-project"];
  expect(names).toEqual([...wanted, "vs", "vs-old", "vs-project", "wind"]);
  expect(shown).toMatch(/Nothing was written: .*config import --write mcp\.json/);
});

test("knows where the files are on macOS and on Windows", () => {
  const paths = (platform: NodeJS.Platform, of: string, env = {}): readonly string[] =>
    clientConfigs({ platform, home: of, env, folder: of }).map(({ path }) => path);
  const mac = paths("darwin", "/Users/x");
  expect(mac).toContain("/Users/x/Library/Application Support/Claude/claude_desktop_config.json");
  expect(mac).toContain("/Users/x/Library/Application Support/Code/User/mcp.json");
  expect(mac).toContain("/Users/x/.codeium/windsurf/mcp_config.json");
  const windows = paths("win32", "C:\\Users\\x", { APPDATA: "D:\\Roaming" });
  expect(windows).toContain("D:\\Roaming\\Claude\\claude_desktop_config.json");
  expect(windows).toContain("D:\\Roaming\\Code\\User\\settings.json");
  expect(windows).toContain("C:\\Users\\x\\.claude.json");
  expect(windows).toContain("C:\\Users\\x\\.cursor\\mcp.json");
  expect(paths("win32", "C:\\Users\\x")).toContain(
    "C:\\Users\\x\\AppData\\Roaming\\Code\\User\\mcp.json",
  );
});

test("shows no secret, and under which names they could be kept", async () => {
  await place(DESKTOP, {
    mcpServers: {
      memory: { ...memory, env: { API_KEY: "of-the-memory", MODE: "fast" } },
      erp: {
        url: "https://erp.example.com/mcp?key=of-the-erp",
        headers: { Authorization: "Bearer of-the-erp-1234", "X-Region": "eu" },
      },
      args: { command: "x", args: ["--token", 7, "of-the-args"] },
    },
  });
  const shown = await run();
  expect(shown).not.toMatch(/of-the/);
  expect(shown).toMatch(/memory\.env\.API_KEY +\$\{MEMORY_API_KEY\}/);
  expect(shown).toMatch(/erp\.headers\.Authorization +\$\{ERP_AUTHORIZATION\}/);
  expect(shown).toMatch(/erp\.url +\$\{ERP_URL\}/);
  expect(shown).not.toMatch(/MODE|X-Region/);
});

test("says of each server it leaves out why", async () => {
  await place(DESKTOP, {
    mcpServers: {
      off: { ...memory, disabled: true },
      self: { command: "npx", args: ["-y", "mcp-edge-gateway@latest", "stdio"] },
      bad: { url: "ftp://x" },
      docs: memory,
      text: "no",
    },
  });
  const shown = await run();
  expect(shown).toMatch(/off +it is switched off there \(Claude Desktop\)/);
  expect(shown).toMatch(/self +it is this gateway/);
  expect(shown).toMatch(/bad +mcpServers\.bad\.url: wanted an http or https URL/);
  expect(shown).toMatch(/docs +mcpServers\.docs: wanted another name: \/docs is a route/);
  expect(shown).toMatch(/text +it is not an object/);
  expect(shown).not.toContain("Would add");
});

test("reads what other programs refer to as variables of ours", async () => {
  await place(
    "project/.vscode/mcp.json",
    `{ // as VS Code writes it
    "inputs": [{ "id": "gh-token", "type": "promptString", "password": true }],
    "servers": {
      "github": { "url": "https://gh.example.com/mcp", "headers": { "Authorization": "Bearer \${input:gh-token}" } },
      "local": { "command": "x", "cwd": "\${workspaceFolder}/a", "env": { "A": "\${env:HERE}", "B": "\${config:x}" }, "gallery": 1 },
    } }`,
  );
  const file = join(home, "mine.json");
  const shown = await run({ write: file, yes: true });
  expect(JSON.parse(await readFile(file, "utf8"))).toEqual({
    mcpServers: {
      github: {
        url: "https://gh.example.com/mcp",
        headers: { Authorization: "Bearer ${GH_TOKEN}" },
      },
      local: { command: "x", cwd: `${folder}/a`, env: { A: "${HERE}", B: "${config:x}" } },
    },
  });
  expect(shown).toMatch(/local +gallery, \$\{config:x\}/);
  expect(shown).toMatch(/Needs a value, .*: GH_TOKEN, HERE/);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
});

test("adds to a file with comments, and changes nothing else in it", async () => {
  await place(DESKTOP, { mcpServers: { memory, erp: { url: "https://erp.example.com/mcp" } } });
  const before = `{
  // not here: "mcpServers": { }
  "mcpServers": {
    "memory": { "builtin": "time" }, // mine
  },
  "gateway": { "openapi": { "title": "T" } },
}
`;
  const file = await place("mine.json", before);
  await chmod(file, 0o640);
  const shown = await run({ write: file }, true);
  expect(asked).toEqual(["\nAdd 1 server to mine.json? [y/N] "]);
  expect(shown).toMatch(/memory +the file has it already, and it stays/);
  const after = await readFile(file, "utf8");
  expect(after.replace(/\n    "erp": \{[^}]*\},/, "")).toBe(before);
  const { config } = parseConfig(parseDocumentText(after));
  expect(config.backends.map(({ name, transport }) => `${name} ${transport.kind}`)).toEqual([
    "erp streamable-http",
    "memory builtin",
  ]);
  expect((await stat(file)).mode & 0o777).toBe(0o640);
});

test("keeps the first of two that want one name, and says so of the other", async () => {
  await place(DESKTOP, { mcpServers: { "My ERP": { url: "https://one.example.com/mcp" } } });
  await place(".cursor/mcp.json", {
    mcpServers: { "my-erp": { url: "https://two.example.com/mcp" } },
  });
  await place(".codeium/windsurf/mcp_config.json", {
    mcpServers: { "My ERP": { url: "https://one.example.com/mcp" } },
  });
  const shown = await run();
  expect(shown).toMatch(/my-erp +streamable-http +https:\/\/one\.example\.com\/mcp +from Claude/);
  expect(shown).toMatch(/my-erp +another of that name was found before, .* \(Cursor\)/);
  expect(shown).toMatch(/My ERP +the same was found before \(Windsurf\)/);
});

test("writes nothing without a yes", async () => {
  await place(DESKTOP, { mcpServers: { memory } });
  const file = join(home, "mine.json");
  await run({ write: file }, false);
  await expect(run({ write: file })).rejects.toThrow(/no terminal, give --yes$/);
  await expect(stat(file)).rejects.toThrow(/ENOENT/);
});

test("refuses a file of its own that is no config, and leaves it", async () => {
  await place(DESKTOP, { mcpServers: { memory } });
  const broken = await place("broken.json", "{");
  await expect(run({ write: broken, yes: true })).rejects.toThrow(
    /^broken\.json: document: not JSON/,
  );
  const list = await place("list.json", "{ mcpServers: [] /* none */ }");
  await expect(run({ write: list, yes: true })).rejects.toThrow(/^Cannot add to list\.json/);
  expect(await readFile(list, "utf8")).toBe("{ mcpServers: [] /* none */ }");
});

test("goes on where a file of another program cannot be read", async () => {
  await place(DESKTOP, { mcpServers: { memory } });
  await place(".cursor/mcp.json", "{ half");
  await mkdir(join(home, ".claude.json"));
  await place(".codeium/windsurf/mcp_config.json", "");
  const shown = await run();
  expect(shown).toMatch(/Cursor +~?\S+mcp\.json +not read: it is not JSON/);
  expect(shown).toMatch(/Claude Code +\S+ +not read: it is (not a file|a folder)/);
  expect(shown).not.toContain("Windsurf");
  expect(shown).toMatch(/memory +stdio +npx … +from Claude Desktop/);
});

test("imports from a shell what one program has", async () => {
  await place(DESKTOP, { mcpServers: { memory } });
  await place(".cursor/mcp.json", { mcpServers: { other: memory } });
  await mkdir(folder);
  const args = ["config", "import", "--from", "cursor", "--write", "mcp.json", "-y"];
  const ran = await runCommand(args, { cwd: folder, env: { HOME: home } });
  expect(ran.code).toBe(0);
  expect(ran.stderr).toBe("\nAdded 1 server to mcp.json\n");
  const written: unknown = JSON.parse(await readFile(join(folder, "mcp.json"), "utf8"));
  expect(written).toEqual({ mcpServers: { other: memory } });
});
