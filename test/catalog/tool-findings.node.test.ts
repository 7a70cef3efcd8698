import { join, resolve } from "node:path";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { expect, test } from "vitest";
import type { ListedTool } from "../../src/catalog/listing.ts";
import { findOddities } from "../../src/catalog/tool-findings.ts";

const MODULES = resolve(import.meta.dirname, "../../node_modules");
const NODE = join(MODULES, ".bin/node");

/** Servers of npm that people use, as published. */
const SERVERS: Readonly<Record<string, readonly string[]>> = {
  everything: ["@modelcontextprotocol/server-everything/dist/index.js", "stdio"],
  filesystem: ["@modelcontextprotocol/server-filesystem/dist/index.js", MODULES],
  memory: ["@modelcontextprotocol/server-memory/dist/index.js"],
  "sequential-thinking": ["@modelcontextprotocol/server-sequential-thinking/dist/index.js"],
};

test("finds nothing odd in the servers people use", async () => {
  const found = await Promise.all(
    Object.entries(SERVERS).map(async ([name, [script = "", ...args]]) => {
      const client = new Client({ name: "test", version: "1" });
      await client.connect(
        new StdioClientTransport({
          command: NODE,
          args: [join(MODULES, script), ...args],
          stderr: "ignore",
        }),
      );
      const { tools } = await client.listTools();
      await client.close();
      expect(tools.length).toBeGreaterThan(0);
      return tools.flatMap((tool) =>
        // As it came over the wire.
        findOddities(tool as unknown as ListedTool).map(
          ({ text }) => `${name} ${tool.name}: ${text}`,
        ),
      );
    }),
  );
  expect(found.flat()).toEqual([]);
});

test("needs time linear to the definition", () => {
  const nasty = [
    "ignore ".repeat(9_000),
    "ignore all the your of ".repeat(2_800),
    "do not tell ".repeat(5_400),
    "send ".repeat(13_000),
    "read ".repeat(13_000),
    `${"aA1".repeat(39)} `.repeat(550),
    "<".repeat(65_000),
    " ".repeat(65_000),
    "secretly ".repeat(7_200),
    "change the recipient ".repeat(3_000),
    "\u200d😀".repeat(20_000),
  ];
  const properties = Object.fromEntries(nasty.map((text, at) => [at, { description: text }]));
  const started = performance.now();
  findOddities({ name: "add", inputSchema: { properties } });
  // A quarter of it on an idle machine; what is not linear takes minutes.
  expect(performance.now() - started).toBeLessThan(4_000);
});
