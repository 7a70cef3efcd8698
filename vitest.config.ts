import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

/** Rooms without state: their files share one Worker, which saves the start of each. */
const PURE = ["core", "catalog", "llm", "chat"].map((room) => `test/${room}/**/*.test.ts`);

/** Inside workerd, with the bindings of wrangler.toml. */
function workerdPlugin() {
  return cloudflareTest({
    wrangler: { configPath: "./wrangler.toml" },
    miniflare: {
      bindings: {
        PUBLIC_URL: "https://gateway.test",
        OWNER_PASSWORD: "owner-password-of-the-tests",
        ENCRYPTION_KEY: "encryption-key-of-the-tests-0123456789",
        GATEWAY_API_KEY: "static-key-of-the-tests-0123456789",
        LOCAL_COMMAND_KEY: "local-command-key-of-the-tests",
      },
    },
  });
}

/**
 * `*.test.ts` runs inside workerd, with the bindings of wrangler.toml; `*.node.test.ts` runs on
 * Node and starts real servers, real clients and the gateway itself.
 */
export default defineConfig({
  test: {
    reporters: ["default"],
    // Half of what is measured here is waiting: with a worker for each core one of them is idle.
    maxWorkers: 3,
    globalSetup: ["./test/support/start-fixtures.ts"],
    // An alarm may wake an object while its file of tests ends, and then its module comes too late.
    onUnhandledError: ({ name, message }) =>
      name !== "EnvironmentTeardownError" || !message.includes("Closing rpc while"),
    projects: [
      {
        plugins: [workerdPlugin()],
        test: {
          name: "pure",
          include: PURE,
          exclude: ["test/**/*.node.test.ts"],
          isolate: false,
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      {
        plugins: [workerdPlugin()],
        test: {
          name: "workerd",
          include: ["test/**/*.test.ts"],
          exclude: ["test/**/*.node.test.ts", ...PURE],
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      {
        test: {
          name: "node",
          include: ["test/**/*.node.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
