import { expect, test } from "vitest";
import { parseConfig, parseDocumentText } from "../../src/config/config-document.ts";

function backends(text: string) {
  return parseConfig(parseDocumentText(text)).config.backends;
}

function problem(text: string): string {
  try {
    parseConfig(parseDocumentText(text));
  } catch (error) {
    return error instanceof Error ? error.message : "";
  }
  return "accepted";
}

test("reads comments and trailing commas", () => {
  const [backend] = backends(`{
    // the house
    "mcpServers": { "home": { "type": "sse", "url": "https://ha.example.com/sse", }, },
  }`);
  expect(backend?.transport).toEqual({
    kind: "sse",
    url: "https://ha.example.com/sse",
    headers: {},
  });
});

test.each([
  "http",
  "streamable-http",
  "streamable_http",
  "streamablehttp",
  "streamableHttp",
  "HTTP",
])("takes %s for Streamable HTTP", (type) => {
  const [backend] = backends(
    JSON.stringify({ mcpServers: { a: { type, url: "https://a.example/mcp" } } }),
  );
  expect(backend?.transport.kind).toBe("streamable-http");
});

test("takes serverUrl for url and the path for the type", () => {
  const [backend] = backends('{"mcpServers":{"a":{"serverUrl":"https://a.example/v1/sse"}}}');
  expect(backend?.transport.kind).toBe("sse");
});

test.each([
  '"command":"npx"',
  '"connector":true',
  '"type":"connector"',
  '"type":"stdio","command":"x"',
])("takes {%s} for a server that a connector brings, with one session for all", (entry) => {
  const [backend] = backends(`{"mcpServers":{"a":{${entry},"session":"per-user"}}}`);
  expect(backend).toMatchObject({ transport: { kind: "stdio" }, session: "shared" });
});

test("knows whether a backend is listed on while its connector is away", () => {
  const list = backends(
    '{"mcpServers":{"a":{"command":"x","whenOffline":"keep"},"b":{"command":"x","whenOffline":"hide"}}}',
  );
  expect(list.map(({ whenOffline }) => whenOffline)).toEqual(["keep", undefined]);
  expect(problem('{"mcpServers":{"a":{"command":"x","whenOffline":"show"}}}')).toBe(
    'mcpServers.a.whenOffline: "show", wanted "hide" or "keep"',
  );
});

test("takes both spellings of disabledTools", () => {
  const list = backends(
    '{"mcpServers":{"a":{"builtin":"time","disabledTools":["x"]},"b":{"builtin":"time","disabled_tools":["y"]}}}',
  );
  expect(list.map(({ disabledTools }) => disabledTools)).toEqual([["x"], ["y"]]);
});

test("leaves out a backend that is switched off", () => {
  expect(backends('{"mcpServers":{"a":{"builtin":"time","disabled":true}}}')).toEqual([]);
});

test("warns about keys it does not use and keeps going", () => {
  const { warnings } = parseConfig(
    parseDocumentText(
      '{"mcpServers":{"a":{"builtin":"time","colour":"red"},"b":{"url":"https://b.example","command":"x"}},"globalShortcut":"x"}',
    ),
  );
  expect(warnings).toEqual([
    "mcpServers.a.colour: not used by the gateway",
    'mcpServers.b.command: not used, "url" is the server',
    "globalShortcut: not used by the gateway",
  ]);
});

test.each([
  ["[]", 'document: [], wanted an object with "mcpServers"'],
  ["{", /^document: not JSON: invalid end of input at 1:2$/],
  ["{}", "mcpServers: missing, wanted an object of backends by name"],
  [
    '{"mcpServers":{"a":{"url":"ftp://x/y"}}}',
    'mcpServers.a.url: "ftp://x", wanted an http or https URL',
  ],
  ['{"mcpServers":{"a":{"url":"https://u:p@x/y"}}}', /wanted a URL without user and password/],
  [
    '{"mcpServers":{"a":{"type":"sse"}}}',
    "mcpServers.a.url: missing, wanted the address of the MCP server",
  ],
  [
    '{"mcpServers":{"a":{"url":"https://x.example","type":"websocket"}}}',
    /mcpServers\.a\.type: "websocket", wanted "http"/,
  ],
  [
    '{"mcpServers":{"a":{"url":"https://x.example","headers":["X: 1"]}}}',
    "mcpServers.a.headers: a list, wanted an object of strings",
  ],
  [
    '{"mcpServers":{"a":{"command":"x","env":["TOKEN=secret"]}}}',
    "mcpServers.a.env: a list, wanted an object of strings",
  ],
  [
    '{"mcpServers":{"a":{"command":"x","args":["--key=secret",1]}}}',
    'mcpServers.a.args.1: "…", wanted a list of strings',
  ],
  [
    '{"mcpServers":{"a":{"command":"x","cwd":1}}}',
    "mcpServers.a.cwd: 1, wanted the path of a folder",
  ],
  [
    '{"mcpServers":{"a":{"url":"https://x.example","headers":{"X":1}}}}',
    "mcpServers.a.headers.X: a number, wanted a string",
  ],
  [
    '{"mcpServers":{"a":{"url":"https://x.example","headers":{"Host":"evil"}}}}',
    /mcpServers\.a\.headers\.Host: "…", wanted another header/,
  ],
  [
    '{"mcpServers":{"a":{"url":"https://x.example","headers":{"X":"a\\r\\nB: c"}}}}',
    /mcpServers\.a\.headers\.X: "…", wanted a value on one line/,
  ],
  ['{"mcpServers":{"a":{"builtin":"clock"}}}', 'mcpServers.a.builtin: "clock", wanted "time"'],
  [
    '{"mcpServers":{"a":{"builtin":"time","timeout":"soon"}}}',
    'mcpServers.a.timeout: "soon", wanted seconds from 1 to 3600',
  ],
  [
    '{"mcpServers":{"a":{"builtin":"time","disabledTools":"x"}}}',
    'mcpServers.a.disabledTools: "x", wanted a list of strings',
  ],
  [
    '{"mcpServers":{"a":{"builtin":"time","instructions":true}}}',
    "mcpServers.a.instructions: true, wanted false or a text",
  ],
  [
    '{"mcpServers":{"a":{"type":"sse","command":"x"}}}',
    "mcpServers.a.url: missing, wanted the address of the MCP server",
  ],
  [
    '{"mcpServers":{"a":{"type":"stdio"}}}',
    'mcpServers.a: {"type":"stdio"}, wanted one of "url", "command", "connector" or "builtin"',
  ],
  ['{"mcpServers":{"a":{"command":["x"]}}}', 'mcpServers.a.command: ["x"], wanted the name of'],
  ['{"mcpServers":{"a":{"command":"x","args":"-y"}}}', /a\.args: "-y", wanted a list of strings$/],
  [
    '{"mcpServers":{"My Server":{"url":"ftp://x"}}}',
    'mcpServers["My Server"].url: "ftp://x", wanted an http or https URL',
  ],
  [
    '{"mcpServers":{"admin":{"builtin":"time"}}}',
    /wanted another name: \/admin is a route of the gateway/,
  ],
  ['{"mcpServers":{"__proto__":{"builtin":"time"}}}', /wanted a name of a-z/],
  ['{"mcpServers":{"../x":{"builtin":"time"}}}', /wanted a name of a-z/],
  [
    '{"mcpServers":{},"gateway":{"colour":1}}',
    'gateway.colour: "…", wanted only the keys "allowedOrigins", "openWebui"',
  ],
])("names path, value and what was wanted in %s", (text, expected) => {
  expect(problem(text)).toMatch(expected);
});
