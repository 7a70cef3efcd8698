import { expect, test } from "vitest";
import { parseConfig } from "../../src/config/config-document.ts";
import { withoutLocalParts } from "../../src/config/local-parts.ts";
import { configure, sendAsOwner } from "../support/worker.ts";

const DOCUMENT = {
  mcpServers: {
    nas: {
      command: "/opt/truenas-mcp",
      args: ["--key", "hunter2"],
      env: { TRUENAS_API_KEY: "hunter2" },
      cwd: "/home/hunter2",
      envFile: "/home/hunter2/.env",
      disabledTools: ["pool_delete"],
    },
    erp: { url: "https://erp.example/mcp", env: { LEFT_OVER: "hunter2" } },
    time: { builtin: "time" },
  },
  gateway: { allowedOrigins: [] },
};

test("keeps of a local server what the gateway itself needs", () => {
  const { document, started } = withoutLocalParts(DOCUMENT);
  expect(document).toEqual({
    mcpServers: {
      nas: { disabledTools: ["pool_delete"], connector: true },
      erp: { url: "https://erp.example/mcp" },
      time: { builtin: "time" },
    },
    gateway: { allowedOrigins: [] },
  });
  expect(started).toEqual(["nas"]);
});

test("leaves the backends as they were", () => {
  const { document } = withoutLocalParts(DOCUMENT);
  expect(parseConfig(document).config).toEqual(parseConfig(DOCUMENT).config);
});

test("does the same under VS Code's name", () => {
  const { document } = withoutLocalParts({ servers: { nas: { command: "x" } } });
  expect(document).toEqual({ servers: { nas: { connector: true } } });
});

async function storedText(version: string): Promise<string> {
  return (await sendAsOwner(`/admin/api/config${version}`)).text();
}

test("a config that is stored names no command, no argument and no secret of a local server", async () => {
  await configure(DOCUMENT);
  const text = await storedText("");
  expect(text).not.toContain("hunter2");
  expect(text).not.toContain("truenas-mcp");
  const { version } = JSON.parse(text) as { version: number };
  expect(await storedText(`?version=${version}`)).not.toContain("hunter2");
});

test("tells who writes it from afar that a connector is needed", async () => {
  const response = await sendAsOwner("/admin/api/config", {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ mcpServers: { nas: { command: "truenas-mcp" } } }),
  });
  expect(await response.json()).toMatchObject({
    warnings: ["mcpServers.nas: reached through the connector; what starts it was not stored"],
  });
});
