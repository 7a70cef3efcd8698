import { expect, test } from "vitest";
import { resolveVariables, type VariableSources } from "../../src/command/worker-variables.ts";

const SECRETS = {
  OWNER_PASSWORD: "file-password",
  ENCRYPTION_KEY: "file-encryption",
  GATEWAY_API_KEY: "file-key",
  LOCAL_COMMAND_KEY: "file-command",
};

function resolve(sources: Partial<VariableSources> = {}) {
  return resolveVariables({
    secrets: SECRETS,
    devVars: SECRETS,
    env: {},
    flags: {},
    localUrl: "http://127.0.0.1:8787",
    configText: undefined,
    ...sources,
  });
}

test("binds the secrets of the file and the local address", () => {
  expect(resolve().variables).toEqual({
    ...SECRETS,
    PUBLIC_URL: "http://127.0.0.1:8787",
    LOG_LEVEL: "warn",
  });
});

test("lets flags win over the environment, and the environment over the file", () => {
  const { variables } = resolve({
    devVars: { ...SECRETS, LLM_MODEL: "from-file", LOG_LEVEL: "debug" },
    env: { GATEWAY_API_KEY: "from-env", LLM_MODEL: "from-env", PUBLIC_URL: "https://env.example" },
    flags: { GATEWAY_API_KEY: "from-flag", OWNER_PASSWORD: undefined },
  });
  expect(variables).toMatchObject({
    GATEWAY_API_KEY: "from-flag",
    OWNER_PASSWORD: "file-password",
    LLM_MODEL: "from-env",
    LOG_LEVEL: "debug",
    PUBLIC_URL: "https://env.example",
  });
});

test("names no public address when it listens to the network", () => {
  expect(resolve({ localUrl: undefined }).variables).not.toHaveProperty("PUBLIC_URL");
});

test("binds what the config refers to, and nothing else of the environment", () => {
  const { variables, missing } = resolve({
    configText: '{"a": "${ERP_KEY}:${ERP_SECRET}", "b": "${GONE}"}',
    env: { ERP_KEY: "from-env", HOME: "/home/me" },
    devVars: { ...SECRETS, ERP_SECRET: "from-file" },
  });
  expect(variables).toMatchObject({ ERP_KEY: "from-env", ERP_SECRET: "from-file" });
  expect(variables).not.toHaveProperty("HOME");
  expect(missing).toEqual(["GONE"]);
});

test("does not let the config rename a key of the gateway", () => {
  const { variables } = resolve({
    configText: "${LOCAL_COMMAND_KEY}",
    env: { LOCAL_COMMAND_KEY: "from-env" },
  });
  expect(variables["LOCAL_COMMAND_KEY"]).toBe("file-command");
});

test.each([
  ["WARNING", "warn"],
  ["Debug", "debug"],
  ["loud", "warn"],
])("gives the Worker its own word for the log level %s", (written, level) => {
  expect(resolve({ env: { LOG_LEVEL: written } }).variables["LOG_LEVEL"]).toBe(level);
});
