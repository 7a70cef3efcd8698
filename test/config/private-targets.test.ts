import { expect, test } from "vitest";
import { parseConfig } from "../../src/config/config-document.ts";
import { namedOrigins, privateTargetProblem } from "../../src/config/private-targets.ts";

const { config } = parseConfig({
  mcpServers: { erp: { url: "https://erp.example.com/mcp" } },
  llm: {
    providers: {
      local: { baseUrl: "http://192.168.1.5:11434/v1" },
      cf: { binding: "AI" },
      late: { baseUrl: "https://${HOST}/v1" },
    },
  },
});

test("refuses a private address of a provider that the local file does not name", () => {
  expect(privateTargetProblem(config, [])?.message).toBe(
    'llm.providers.local.baseUrl: "http://192.168.1.5:11434/v1", wanted a public address: private ones are allowed only in the local file given with --config',
  );
});

test("names the addresses of backends and providers, and then allows them", () => {
  const origins = namedOrigins(config);
  expect(origins).toEqual(["https://erp.example.com", "http://192.168.1.5:11434"]);
  expect(privateTargetProblem(config, origins)).toBeUndefined();
});

test("names a backend as it is written in the document", () => {
  const named = parseConfig({ mcpServers: { "My NAS": { url: "http://192.168.1.5/mcp" } } });
  expect(privateTargetProblem(named.config, [])?.message).toMatch(
    /^mcpServers\["My NAS"\]\.url: "http:\/\/192\.168\.1\.5\/mcp", wanted a public address/,
  );
});
