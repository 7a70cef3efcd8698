import { expect, test } from "vitest";
import { parseBackendName } from "../../src/config/backend-name.ts";
import type { VisibleTool } from "../../src/gateway/gateway.ts";
import { clientLimitWarnings } from "../../src/status/client-limits.ts";
import { duplicatedUriWarnings } from "../../src/status/duplicated-uris.ts";
import { visibleTool } from "../support/visible-tool.ts";

const erp = parseBackendName("erp");
const nas = parseBackendName("nas");

function tool(name: string, schemaBytes = 0): VisibleTool {
  const inputSchema = { type: "object", description: "x".repeat(schemaBytes) };
  return visibleTool("erp", name, { inputSchema });
}

test("has nothing to say of an ordinary catalog", () => {
  expect(clientLimitWarnings([tool("a"), tool("b", 16_000)])).toEqual([]);
  expect(duplicatedUriWarnings([{ backend: erp, uris: ["a", "a"] }])).toEqual([]);
});

test("warns of more tools than Claude takes", () => {
  const tools = Array.from({ length: 257 }, (_, index) => tool(`t${index}`));
  expect(clientLimitWarnings(tools)).toEqual([expect.stringContaining("257 tools are visible")]);
  expect(clientLimitWarnings(tools.slice(1))).toEqual([]);
});

test("warns of a schema that Claude drops, by name", () => {
  expect(clientLimitWarnings([tool("big", 16_384)])).toEqual([
    expect.stringContaining('The input schema of "erp_big" has'),
  ]);
});

test("warns of a resource that two backends offer", () => {
  expect(
    duplicatedUriWarnings([
      { backend: erp, uris: ["file:///a", "file:///b"] },
      { backend: nas, uris: ["file:///b"] },
    ]),
  ).toEqual(['Resource "file:///b" of "nas" is also one of "erp"']);
});

test("does not list thousands of clashes", () => {
  const uris = Array.from({ length: 3_000 }, (_, index) => `file:///${index}`);
  const warnings = duplicatedUriWarnings([
    { backend: erp, uris },
    { backend: nas, uris },
  ]);
  expect(warnings).toHaveLength(21);
  expect(warnings.at(-1)).toBe("2980 more resources are offered twice");
});
