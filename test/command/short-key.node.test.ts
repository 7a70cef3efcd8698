import { expect, test } from "vitest";
import { placeShortKey } from "../../src/command/short-key.ts";

const HERE = { given: "--api-key", localUrl: "http://127.0.0.1:8787" };
const LONG = "0123456789abcdef";

test("leaves a key of sixteen characters where it is", () => {
  const variables = { GATEWAY_API_KEY: LONG, PUBLIC_URL: "https://mcp.example.com" };
  expect(placeShortKey(variables, { ...HERE, localUrl: undefined })).toEqual({
    variables,
    warning: undefined,
  });
});

test("puts a short one where it is good for this machine only, and warns", () => {
  const variables = { GATEWAY_API_KEY: "top-secret", PUBLIC_URL: HERE.localUrl };
  expect(placeShortKey(variables, HERE)).toEqual({
    variables: { LOOPBACK_API_KEY: "top-secret", PUBLIC_URL: HERE.localUrl },
    warning: "--api-key: 10 characters, wanted at least 16: this one works from this machine only",
  });
});

test.each([
  [undefined, {}],
  ["http://127.0.0.1:8787", { PUBLIC_URL: "https://mcp.example.com" }],
  ["http://127.0.0.5:8787", {}],
])("refuses a short one where others reach the gateway: %s %j", (localUrl, others) => {
  const variables = { GATEWAY_API_KEY: "top-secret", ...others };
  expect(() => placeShortKey(variables, { given: "GATEWAY_API_KEY", localUrl })).toThrow(
    "GATEWAY_API_KEY: 10 characters, wanted at least 16 where others reach the gateway",
  );
});

test("never passes on a variable that only the command may set", () => {
  const variables = { GATEWAY_API_KEY: LONG, LOOPBACK_API_KEY: "x" };
  expect(placeShortKey(variables, HERE).variables).toEqual({ GATEWAY_API_KEY: LONG });
});
