import { expect, test } from "vitest";
import { DEFAULT_OPENAPI } from "../../src/config/openapi-config.ts";
import { parseGatewayPart } from "../../src/config/parse-gateway-part.ts";

function problem(part: unknown): string {
  try {
    parseGatewayPart(part);
  } catch (error) {
    return error instanceof Error ? error.message : "";
  }
  return "accepted";
}

test("says nothing of people unless told", () => {
  expect(parseGatewayPart(undefined)).toEqual({
    allowedOrigins: [],
    openWebui: undefined,
    openapi: DEFAULT_OPENAPI,
  });
  expect(parseGatewayPart({ openWebui: {} }).openWebui).toEqual({
    jwtSecret: undefined,
    issuer: "open-webui",
    required: false,
    rules: [],
  });
});

test("reads the people of Open WebUI, in both spellings", () => {
  const part = parseGatewayPart({
    allowedOrigins: ["https://app.example.com/x"],
    open_webui: {
      jwt_secret: "${OWUI_JWT_SECRET}",
      issuer: "owui",
      required: true,
      rules: [{ groups: ["sales"], allow: ["erp"], deny: ["erp/delete_*"] }],
    },
  });
  expect(part).toEqual({
    allowedOrigins: ["https://app.example.com"],
    openapi: DEFAULT_OPENAPI,
    openWebui: {
      jwtSecret: "${OWUI_JWT_SECRET}",
      issuer: "owui",
      required: true,
      rules: [{ users: [], groups: ["sales"], roles: [], allow: ["erp"], deny: ["erp/delete_*"] }],
    },
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
