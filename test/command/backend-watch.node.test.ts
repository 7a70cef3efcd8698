import { expect, test } from "vitest";
import {
  awaitBackends,
  describeStateChanges,
  rememberStates,
} from "../../src/command/backend-watch.ts";
import type { BackendStatus } from "../../src/command/gateway-client.ts";
import { renderBackends, renderModels } from "../../src/command/start-banner.ts";
import { createStyle } from "../../src/shell/terminal.ts";

const PLAIN = createStyle({ isTTY: false }, {});

function backend(state: string, more: Partial<BackendStatus> = {}): BackendStatus {
  return { name: "erp", state, ...more };
}

function linesOf(...states: readonly BackendStatus[]): readonly string[] {
  let known: ReadonlyMap<string, string> = new Map();
  return states.flatMap((status) => {
    const lines = describeStateChanges(known, [status]);
    known = rememberStates(known, [status]);
    return lines;
  });
}

test("says once that a backend went down, and once that it is back", () => {
  const down = backend("down", {
    lastError: 'Cannot connect: backend "erp" refused the connection',
  });
  const ready = backend("ready", { counts: { tools: 1 } });
  expect(linesOf(ready, down, down, backend("connecting"), down, ready, ready)).toEqual([
    "erp is ready: 1 tool",
    "erp is down: refused the connection",
    "erp is ready: 1 tool",
  ]);
});

test("waits for a connecting backend no longer than it was told", async () => {
  const readStatus = async (): Promise<BackendStatus[]> => [backend("connecting")];
  const client = { readStatus };
  const started = performance.now();
  expect(await awaitBackends(client, { timeoutMs: 300, coming: () => new Set() })).toEqual([
    backend("connecting"),
  ]);
  expect(performance.now() - started).toBeLessThan(1_000);
});

test("waits for a backend that a connector is bringing, and for no other that is offline", async () => {
  const answers = [
    [backend("offline"), backend("offline", { name: "nas" })],
    [backend("ready"), backend("offline", { name: "nas" })],
  ];
  let asked = 0;
  const client = { readStatus: async () => answers[Math.min(asked++, 1)] };
  const coming = (): ReadonlySet<string> => new Set(["erp"]);
  expect(await awaitBackends(client, { timeoutMs: 5_000, coming })).toEqual(answers[1]);
  expect(asked).toBe(2);
});

test("lists backends in columns, with what is wrong in one line of a terminal", () => {
  const lines = renderBackends(
    [
      backend("ready", { name: "a-rather-long-name-of-a-backend", counts: { tools: 12 } }),
      backend("down", { lastError: `\u001b[31mfirst\nsecond ${"x".repeat(200)}` }),
      backend("offline", { name: "nas" }),
    ],
    PLAIN,
  ).split("\n");
  expect(lines.slice(2, 3)).toEqual(["    a-rather-long-name-of-a-backend  ready    12 tools"]);
  expect(lines).toHaveLength(5);
  expect(lines[4]).toMatch(/^ {4}nas +offline +no connector brings it$/);
  expect(lines[3]).toMatch(/^ {4}erp +down +\[31mfirst second x+…$/);
});

test("colours for eyes only", () => {
  expect(createStyle({ isTTY: true }, {}).good("x")).toBe("\u001b[32mx\u001b[39m");
  expect(createStyle({ isTTY: true }, { NO_COLOR: "1" }).good("x")).toBe("x");
  expect(createStyle({ isTTY: true }, { TERM: "dumb" }).good("x")).toBe("x");
  expect(PLAIN.good("x")).toBe("x");
});

test("says which language model there is, or how to have one", () => {
  expect(renderModels({ default: null, providers: [] }, PLAIN)).toContain("LLM_BASE_URL");
  const lines = renderModels(
    {
      default: "local/qwen3",
      providers: [
        { name: "local", problem: null },
        {
          name: "near",
          problem:
            'Cannot list models: provider "near" has nothing at its configured address (status 404): most end in "/v1"',
        },
        { name: "far", problem: `\u001b[31mits list\n${"x".repeat(200)}` },
      ],
    },
    PLAIN,
  ).split("\n");
  expect(lines.slice(2)).toEqual([
    "    mcp-gateway is local/qwen3 with the tools",
    '    near: has nothing at its configured address (status 404): most end in "/v1"',
    expect.stringMatching(/^ {4}far: \S*its list x+…$/),
  ]);
});
