import { expect, test } from "vitest";
import { ROUTE_WORDS } from "../../src/config/route-words.ts";
import { nameEntries, parseBackendName } from "../../src/config/backend-name.ts";
import { parseConfig, parseDocumentText } from "../../src/config/config-document.ts";
import { HOUSE } from "../../src/gateway/house-tool.ts";

function problem(...written: string[]): string {
  try {
    nameEntries("mcpServers", written);
  } catch (error) {
    return error instanceof Error ? error.message : "";
  }
  return "accepted";
}

test.each([
  ["my_server", "my-server"],
  ["Memory", "memory"],
  ["My  Server!", "my-server"],
  ["@21st-dev magic", "st-dev-magic"],
  ["Café_crème", "cafe-creme"],
  ["a__b", "a-b"],
  ["x".repeat(40), "x".repeat(31)],
  [`${"x".repeat(30)} y`, "x".repeat(30)],
])("serves %j under the nearest legal name and keeps what was written", (written, name) => {
  expect(nameEntries("mcpServers", [written]).get(written)).toEqual({ name, alias: written });
});

test("leaves a legal name alone", () => {
  expect(nameEntries("mcpServers", ["nas-2"]).get("nas-2")).toEqual({ name: "nas-2" });
});

test("keeps the written name as the alias of the backend, and says so", () => {
  const document =
    '{"mcpServers":{"My Clock":{"builtin":"time"},"Old":{"builtin":"time","disabled":true}}}';
  const { config, warnings } = parseConfig(parseDocumentText(document));
  expect(config.backends).toMatchObject([{ name: "my-clock", alias: "My Clock" }]);
  expect(warnings).toEqual([
    'mcpServers["My Clock"]: called "my-clock" here, and as written in REST',
  ]);
});

test("refuses two entries that would be called the same, naming both", () => {
  expect(problem("my-server", "My Server")).toBe(
    'mcpServers["My Server"]: "My Server", wanted another name: it would be called "my-server" here, as "my-server" is',
  );
  expect(problem("my_server", "my server")).toContain('as "my_server" is');
});

test.each(["a/b", "../x", "a\u0000b", "\ud800x", "__proto__", "x".repeat(101), "", "123", "日本"])(
  "refuses %j, which no path can name or of which nothing is left",
  (written) => {
    expect(problem(written)).toMatch(/wanted a name of a-z/);
  },
);

test("names the part of the document that is written, as VS Code calls it", () => {
  expect(() => nameEntries("servers", ["a/b"])).toThrow(
    /^servers\["a\/b"\]: "a\/b", wanted a name/,
  );
});

test("refuses a name whose nearest is a route, however it is written", () => {
  expect(problem("Admin")).toBe(
    'mcpServers["Admin"]: "Admin", wanted another name: /admin is a route of the gateway',
  );
  expect(problem("v1")).toContain("/v1 is a route");
});

test("reserves the first part of every route there is", () => {
  for (const word of [...ROUTE_WORDS, HOUSE, "docs", "redoc", "api", "system"]) {
    expect(() => parseBackendName(word)).toThrow(`/${word} is a route of the gateway`);
  }
});
