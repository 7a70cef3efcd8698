import { expect, test } from "vitest";
import { parseConfig } from "../../src/config/config-document.ts";
import type { Trust } from "../../src/config/gateway-config.ts";
import { trustOf } from "../../src/config/trust-of.ts";
import type { JsonObject } from "../../src/core/json.ts";

function trustIn(
  entry: JsonObject,
  { publicUrl, privateOrigins = [] }: { publicUrl?: string; privateOrigins?: string[] } = {},
): Trust {
  const [backend] = parseConfig({ mcpServers: { one: entry } }).config.backends;
  if (backend === undefined) throw new Error("no backend");
  return trustOf({ config: backend, configVersion: 1, privateOrigins }, publicUrl);
}

test("holds remote backends of others to what was approved", () => {
  expect(trustIn({ url: "https://mcp.example.com/mcp" })).toBe("enforce");
  expect(trustIn({ url: "https://${HOST}/mcp" })).toBe("enforce");
});

test("warns of the owner's own", () => {
  expect(trustIn({ command: "truenas-mcp" })).toBe("warn");
  const privateOrigins = ["http://192.168.1.5:8123"];
  expect(trustIn({ url: "http://192.168.1.5:8123/mcp" }, { privateOrigins })).toBe("warn");
  const publicUrl = "https://gw.example.com";
  expect(trustIn({ url: "https://gw.example.com/erp" }, { publicUrl })).toBe("warn");
  expect(trustIn({ url: "https://erp.gw.example.com/mcp" }, { publicUrl })).toBe("warn");
});

test("takes no neighbour at a shared host for the owner's own", () => {
  const publicUrl = "https://gw.workers.dev";
  for (const url of [
    "https://evil.workers.dev/mcp",
    "https://evilgw.workers.dev/mcp",
    "https://gw.workers.dev.evil.example/mcp",
  ]) {
    expect(trustIn({ url }, { publicUrl })).toBe("enforce");
  }
  expect(trustIn({ url: "https://evil.example/mcp" }, { publicUrl: "" })).toBe("enforce");
});

test("does as the entry says, but never holds back what is part of the gateway", () => {
  expect(trustIn({ url: "https://mcp.example.com/mcp", trust: "off" })).toBe("off");
  expect(trustIn({ command: "truenas-mcp", trust: "enforce" })).toBe("enforce");
  expect(trustIn({ builtin: "time", trust: "enforce" })).toBe("off");
});
