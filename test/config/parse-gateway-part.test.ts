import { expect, test } from "vitest";
import { DEFAULT_AUDIT } from "../../src/config/audit-config.ts";
import { nameEntries } from "../../src/config/backend-name.ts";
import { DEFAULT_OPENAPI } from "../../src/config/openapi-config.ts";
import { parseGatewayPart } from "../../src/config/parse-gateway-part.ts";

const ENTRIES = nameEntries("mcpServers", ["erp", "My Clock"]);

function problem(part: unknown): string {
  try {
    parseGatewayPart(part, ENTRIES);
  } catch (error) {
    return error instanceof Error ? error.message : "";
  }
  return "accepted";
}

test("says nothing of people unless told", () => {
  expect(parseGatewayPart(undefined, ENTRIES)).toEqual({
    allowedOrigins: [],
    openWebui: undefined,
    openapi: DEFAULT_OPENAPI,
    audit: DEFAULT_AUDIT,
  });
  expect(parseGatewayPart({ openWebui: {} }, ENTRIES).openWebui).toEqual({
    jwtSecret: undefined,
    issuer: "open-webui",
    required: false,
    rules: [],
  });
});

test("reads the people of Open WebUI, in both spellings", () => {
  const part = parseGatewayPart(
    {
      allowedOrigins: ["https://app.example.com/x"],
      open_webui: {
        jwt_secret: "${OWUI_JWT_SECRET}",
        issuer: "owui",
        required: true,
        rules: [{ groups: ["sales"], allow: ["erp"], deny: ["erp/delete_*"] }],
      },
    },
    ENTRIES,
  );
  expect(part).toEqual({
    allowedOrigins: ["https://app.example.com"],
    openapi: DEFAULT_OPENAPI,
    openWebui: {
      jwtSecret: "${OWUI_JWT_SECRET}",
      issuer: "owui",
      required: true,
      rules: [{ users: [], groups: ["sales"], roles: [], allow: ["erp"], deny: ["erp/delete_*"] }],
    },
    audit: DEFAULT_AUDIT,
  });
});

test.each<[unknown, string | RegExp]>([
  [[], "gateway: [], wanted an object"],
  [
    { allowedOrigins: ["nowhere"] },
    'gateway.allowedOrigins: "nowhere", wanted origins like "https://app.example.com"',
  ],
  [{ openWebui: true }, "gateway.openWebui: true, wanted an object"],
  [
    { openWebui: { secret: "hunter2" } },
    /^gateway\.openWebui\.secret: "…", wanted only the keys "jwtSecret"/,
  ],
  [
    { openWebui: { jwtSecret: "short" } },
    'gateway.openWebui.jwtSecret: "…", wanted ${NAME} of a secret, or a text of at least 16 characters',
  ],
  [{ openWebui: { rules: {} } }, "gateway.openWebui.rules: {}, wanted a list of up to 200 rules"],
  [
    { openWebui: { rules: [{ group: ["a"] }] } },
    /^gateway\.openWebui\.rules\[0\]\.group: "…", wanted only the keys "users"/,
  ],
  [
    { openWebui: { rules: [{ groups: "a" }] } },
    /^gateway\.openWebui\.rules\[0\]\.groups: "a", wanted a list of up to 500 texts/,
  ],
  [
    { openWebui: { rules: [{ allow: [""] }] } },
    /^gateway\.openWebui\.rules\[0\]\.allow: "", wanted a list of up to 200 texts/,
  ],
])("names path, value and what was wanted in %j", (part, expected) => {
  expect(problem(part)).toMatch(expected);
});

const openapi = (part: object) => parseGatewayPart({ openapi: part }, ENTRIES).openapi;

test("takes either name of a backend for the one at the root", () => {
  expect(openapi({ root: "erp" }).root).toBe("erp");
  expect(openapi({ root: "My Clock" }).root).toBe("my-clock");
  expect(openapi({ root: "my-clock" }).root).toBe("my-clock");
  for (const root of ["nas", "my clock", 1]) {
    expect(problem({ openapi: { root } })).toBe(
      `gateway.openapi.root: ${JSON.stringify(root)}, wanted the name of a backend in "mcpServers"`,
    );
  }
});

test("takes * for pages of any origin", () => {
  expect(openapi({ allowedOrigins: ["https://a.example/x"] }).allowedOrigins).toEqual([
    "https://a.example",
  ]);
  expect(openapi({ allowedOrigins: ["https://a.example", "*"] }).allowedOrigins).toBeUndefined();
  expect(problem({ openapi: { allowedOrigins: ["a.example"] } })).toMatch(
    /^gateway\.openapi\.allowedOrigins: "a\.example", wanted origins/,
  );
});

test("takes a description of several lines, and a title of one", () => {
  expect(openapi({ description: "# House\n\n- one" }).description).toBe("# House\n\n- one");
  expect(problem({ openapi: { title: "a\nb" } })).toMatch(
    /^gateway\.openapi\.title: .* on one line/,
  );
  expect(problem({ openapi: { description: "a\u0007" } })).toMatch(
    /^gateway\.openapi\.description/,
  );
});

test("puts backends only where no route of the gateway is", () => {
  expect(openapi({ pathPrefix: "tools" }).pathPrefix).toBe("/tools/");
  expect(openapi({ rootPath: "/api/mcpo/" }).rootPath).toBe("/api/mcpo");
  for (const path of ["/mcp", "v1/tools/", "/admin", "/.well-known/x"]) {
    expect(problem({ openapi: { pathPrefix: path } })).toMatch(
      /^gateway\.openapi\.pathPrefix: .* is a route of the gateway$/,
    );
    expect(problem({ openapi: { rootPath: path } })).toContain("is a route of the gateway");
  }
});

test("keeps calls for a month, and what was said in them only where the owner asks", () => {
  expect(parseGatewayPart({ audit: {} }, ENTRIES).audit).toEqual({
    days: 30,
    arguments: false,
    results: false,
    toolMetrics: false,
  });
  const asked = { days: 7, arguments: true, tool_metrics: true };
  expect(parseGatewayPart({ audit: asked }, ENTRIES).audit).toEqual({
    days: 7,
    arguments: true,
    results: false,
    toolMetrics: true,
  });
  expect(problem({ audit: { days: 0 } })).toBe("gateway.audit.days: 0, wanted days from 1 to 3650");
  expect(problem({ audit: { results: "yes" } })).toContain("gateway.audit.results");
  expect(problem({ audit: { argument: true } })).toContain("gateway.audit.argument");
});
