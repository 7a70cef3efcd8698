import { expect, test } from "vitest";
import { nameOfCommand, nameOfUrl } from "../../src/command/server-name.ts";

test.each([
  ["npx -y @modelcontextprotocol/server-memory", "memory"],
  ["npx -y @modelcontextprotocol/server-filesystem@2026.8.31 /home/me", "filesystem"],
  ["npx --yes --package=@oliverames/mcp-server-for-wave mcp", "wave"],
  ["npm exec -- wave-mcp", "wave"],
  ["pnpm dlx sql-server-mcp", "sql-server"],
  ["uvx mcp-server-time --local-timezone=Europe/Kyiv", "time"],
  ["uvx --from git+https://github.com/some/home_assistant-mcp.git@v1 run", "home-assistant"],
  ["python3.11 -m mcp_server_fetch", "fetch"],
  ["/usr/bin/python3 /opt/erp/server.py", "erp"],
  ["node --env-file .env ./servers/notes/dist/index.js", "notes"],
  ["docker run -i --rm -e TOKEN=x ghcr.io/github/github-mcp-server:latest", "github"],
  ["docker run -i --rm mcp/fetch", "fetch"],
  ["env TOKEN=x truenas-mcp", "truenas"],
  ["/opt/bin/TrueNAS_MCP.exe", "truenas"],
  ["npx -y 7zip-mcp", "zip"],
  ["npx", "npx"],
])("calls %j %s", (words, name) => {
  expect(nameOfCommand(words.split(" "))).toBe(name);
});

test("finds no name in a command that has none", () => {
  expect(nameOfCommand(["node", "build/index.js"])).toBe("");
  expect(nameOfCommand("uv run --directory /srv/tool server.py".split(" "))).toBe("");
});

test("keeps a long name in bounds", () => {
  expect(nameOfCommand(["npx", `${"a".repeat(30)}-long`])).toBe("a".repeat(30));
});

test.each([
  ["https://mcp.wave.example.com/mcp", "wave"],
  ["https://wave.example.com/mcp", "wave"],
  ["https://example.com/mcp", "example"],
  ["http://192.168.1.4:3000/mcp", "remote"],
  ["http://[fd00::1]/mcp", "remote"],
  ["http://localhost:3000/sse", "remote"],
  ["http://nas:3000/sse", "nas"],
])("calls the server at %s %s", (url, name) => {
  expect(nameOfUrl(url)).toBe(name);
});
