import { expect, test } from "vitest";
import {
  readDefaultTimeout,
  withFlags,
  type DocumentFlags,
} from "../../src/command/flagged-document.ts";
import { parseConfig, parseDocumentText } from "../../src/config/config-document.ts";

const FILE = `{
  // the house
  "mcpServers": { "time": { "builtin": "time" } },
  "gateway": { "allowedOrigins": ["https://a.example"], "openapi": { "path_prefix": "/a", "title": "A" } },
}`;

function merged(text: string, flags: Partial<DocumentFlags>): unknown {
  return JSON.parse(withFlags(text, { openapi: {}, timeoutSeconds: undefined, ...flags }));
}

test("hands the text over as it is when no flag says anything", () => {
  expect(withFlags(FILE, { openapi: {}, timeoutSeconds: undefined })).toBe(FILE);
});

test("puts flags over the file, in whatever spelling that has the key", () => {
  expect(merged(FILE, { openapi: { pathPrefix: "/b", version: "2" } })).toEqual({
    mcpServers: { time: { builtin: "time" } },
    gateway: {
      allowedOrigins: ["https://a.example"],
      openapi: { title: "A", pathPrefix: "/b", version: "2" },
    },
  });
});

test("makes the parts that a file does not have", () => {
  const document = merged('{"mcpServers": {}}', { openapi: { title: "B" } });
  expect(document).toEqual({ mcpServers: {}, gateway: { openapi: { title: "B" } } });
  expect(
    merged('{"mcpServers":{},"gateway":{"openAPI":{"title":"A"}}}', { openapi: { title: "B" } }),
  ).toEqual({ mcpServers: {}, gateway: { openAPI: { title: "B" } } });
});

test.each([
  "{ no json",
  "[]",
  '{"mcpServers":{},"gateway":[]}',
  '{"mcpServers":{},"gateway":{"openapi":1}}',
  '{"mcpServers":{},"gateway":{"openapi":{},"openApi":{}}}',
])("leaves %j to the gateway, which says what is wrong in it", (text) => {
  expect(withFlags(text, { openapi: { title: "B" }, timeoutSeconds: 5 })).toBe(text);
});

test("gives a time limit to backends that name none", () => {
  const text = `{"servers": {
    "a": {"builtin": "time"}, "b": {"builtin": "time", "timeout": 2}, "c": {"builtin": "time", "detach": true} }}`;
  const document = withFlags(text, { openapi: {}, timeoutSeconds: 900 });
  const { backends } = parseConfig(parseDocumentText(document)).config;
  expect(backends.map(({ name, timeoutMs }) => [name, timeoutMs])).toEqual([
    ["a", 900_000],
    ["b", 2_000],
    ["c", 3_600_000],
  ]);
});

test("reads CONNECTION_TIMEOUT as seconds, or says what was wanted", () => {
  expect(readDefaultTimeout("900")).toBe(900);
  expect(readDefaultTimeout("")).toBeUndefined();
  expect(readDefaultTimeout(undefined)).toBeUndefined();
  for (const written of ["0", "soon", "3601", "1e3", "-1"]) {
    expect(() => readDefaultTimeout(written)).toThrow(
      `CONNECTION_TIMEOUT: "${written}", wanted seconds from 1 to 3600`,
    );
  }
});
