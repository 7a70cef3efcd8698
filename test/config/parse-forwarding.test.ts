import { expect, test } from "vitest";
import { parseConfig } from "../../src/config/config-document.ts";
import type { JsonObject } from "../../src/core/json.ts";

const REMOTE = { url: "https://a.example/mcp" };

function parse(entry: JsonObject) {
  const { config, warnings } = parseConfig({ mcpServers: { a: entry } });
  return { forwardHeaders: config.backends[0]?.forwardHeaders, warnings };
}

function problem(part: unknown): string {
  try {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what a document may hold
    parse({ ...REMOTE, client_header_forwarding: part } as JsonObject);
  } catch (error) {
    return error instanceof Error ? error.message : "";
  }
  return "accepted";
}

test.each(["client_header_forwarding", "clientHeaderForwarding"])(
  "reads %s, its patterns in any case",
  (key) => {
    const part = {
      enabled: true,
      whitelist: ["X-Tenant", "X-User-*"],
      blacklist: ["x-user-SECRET", "Authorization"],
      debug_headers: false,
    };
    expect(parse({ ...REMOTE, [key]: part })).toEqual({
      forwardHeaders: {
        allow: ["x-tenant", "x-user-*"],
        deny: ["x-user-secret", "authorization"],
      },
      warnings: [],
    });
  },
);

test.each<[string, JsonObject]>([
  ["absent", {}],
  ["empty", { client_header_forwarding: {} }],
  ["switched off", { client_header_forwarding: { enabled: false, whitelist: ["X-Tenant"] } }],
  [
    "switched off, whatever it names",
    { client_header_forwarding: { enabled: false, whitelist: ["Authorization"] } },
  ],
])("passes on nothing when %s", (_, entry) => {
  expect(parse({ ...REMOTE, ...entry })).toEqual({ forwardHeaders: undefined, warnings: [] });
});

test.each<[string, JsonObject]>([
  ["missing", { enabled: true }],
  ["empty", { enabled: true, whitelist: [], blacklist: ["x-a"] }],
])("passes on nothing when the list is %s, and warns", (_, part) => {
  expect(parse({ ...REMOTE, client_header_forwarding: part })).toEqual({
    forwardHeaders: undefined,
    warnings: [
      "mcpServers.a.client_header_forwarding.whitelist: names no header, so none is passed on",
    ],
  });
});

test("warns of what it does not use", () => {
  const part = { enabled: true, whitelist: ["*", "CF-*"], debug_headers: true };
  expect(parse({ ...REMOTE, client_header_forwarding: part })).toEqual({
    forwardHeaders: { allow: ["*", "cf-*"], deny: [] },
    warnings: [
      "mcpServers.a.client_header_forwarding.debug_headers: not used: values of headers never reach a log",
      'mcpServers.a.client_header_forwarding.whitelist: "cf-*" matches only what is never passed on',
    ],
  });
});

test.each<[string, JsonObject]>([
  ["a program", { command: "uvx", args: ["mcp-server-time"] }],
  ["built in", { builtin: "time" }],
])("warns where the backend is %s and hears no headers", (_, entry) => {
  const part = { enabled: true, whitelist: ["X-Tenant"] };
  expect(parse({ ...entry, client_header_forwarding: part })).toEqual({
    forwardHeaders: undefined,
    warnings: [
      "mcpServers.a.client_header_forwarding: not used: only backends that have an address are passed headers",
    ],
  });
});

test.each<[unknown, string | RegExp]>([
  [true, "mcpServers.a.client_header_forwarding: true, wanted an object"],
  [null, "mcpServers.a.client_header_forwarding: null, wanted an object"],
  [
    { enabled: "yes" },
    'mcpServers.a.client_header_forwarding.enabled: "yes", wanted true or false',
  ],
  [{ enabled: 1 }, "mcpServers.a.client_header_forwarding.enabled: 1, wanted true or false"],
  [{ whitelist: "X-A" }, /\.whitelist: "X-A", wanted a list of up to 50 texts/],
  [{ blacklist: ["X-A", 7] }, /\.blacklist: 7, wanted a list of up to 50 texts/],
  [{ whitelist: Array(51).fill("X-A") }, /wanted a list of up to 50 texts/],
  [{ whitelist: ["x".repeat(101)] }, /of 1 to 100 characters/],
  [{ whitelist: ["X User"] }, /\.whitelist: "X User", wanted names of headers/],
  [{ debug_headers: "no" }, /\.debug_headers: "no", wanted true or false/],
  [{ enabled: true, blackist: ["X-A"] }, /\.blackist: "…", wanted only the keys "enabled"/],
  [
    { enabled: true, whitelist: ["X-A", "Authorization"] },
    /\.whitelist: "authorization", wanted other headers: this one holds a key of the gateway; .*"headers" of its entry, as \$\{NAME\}$/,
  ],
])("names path, value and what was wanted in %j", (part, expected) => {
  expect(problem(part)).toMatch(expected);
});

test.each([
  "Cookie",
  "Host",
  "Content-Type",
  "Mcp-Session-Id",
  "X-Forwarded-For",
  "X-Gateway-Client",
])("refuses %s by its own name", (name) => {
  expect(problem({ enabled: true, whitelist: [name] })).toBe(
    `mcpServers.a.client_header_forwarding.whitelist: "${name.toLowerCase()}", wanted other headers: this one is never passed on`,
  );
});

test("wants only one of the two spellings", () => {
  const both = { client_header_forwarding: {}, clientHeaderForwarding: {} };
  expect(() => parse({ ...REMOTE, ...both })).toThrow(/wanted only one of/);
});
