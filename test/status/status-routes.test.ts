import { beforeAll, expect, inject, test } from "vitest";
import { awaitReady, configure, send, sendAsOwner, sendAuthorized } from "../support/worker.ts";

type Status = { version: string; warnings: string[]; backends: { name: string }[] };

beforeAll(() =>
  configure({
    mcpServers: {
      time: { builtin: "time" },
      secret: { url: "https://127.0.0.1:9/webhook/abcdefghij0123456789abcdefghij" },
    },
  }),
);

async function readTime(): Promise<unknown> {
  const { backends } = await (await sendAuthorized("/status")).json<Status>();
  return backends.find(({ name }) => name === "time");
}

test("says publicly that it runs, and nothing else", async () => {
  const response = await send("/health");
  expect(response.status).toBe(200);
  expect(await response.text()).toBe('{"status":"ok"}');
  expect((await send("/health", { method: "HEAD" })).status).toBe(200);
});

test("tells how every backend is, without what is secret in its address", async () => {
  const response = await sendAuthorized("/status");
  expect(await response.clone().text()).not.toContain("abcdefghij0123456789");
  const { version, warnings, backends } = await response.json<Status>();
  expect(version).toMatch(/^\d+\.\d+\.\d+$/);
  expect(warnings).toEqual([]);
  expect(backends.map(({ name }) => name)).toEqual(["secret", "time"]);
  expect(backends[0]).toMatchObject({
    transport: "streamable-http",
    address: "https://127.0.0.1:9/webhook/••••••",
  });
});

test("tells which language model there is, and what is wrong with a provider", async () => {
  await configure({
    mcpServers: { time: { builtin: "time" } },
    llm: {
      providers: {
        good: { baseUrl: `${inject("fixtures").llm}/openai/status/v1`, models: ["scripted-1"] },
        bad: {
          baseUrl: `${inject("fixtures").llm}/openai/status-models500/v1`,
          apiKey: "scripted-key",
        },
      },
      defaultModel: "good/scripted-1",
    },
  });
  const text = await (await sendAuthorized("/status")).text();
  expect(JSON.parse(text)).toMatchObject({
    languageModels: {
      default: "good/scripted-1",
      providers: [
        { name: "good", profile: "generic", problem: null },
        { name: "bad", profile: "generic", problem: expect.stringContaining("bad") },
      ],
    },
  });
  expect(text).not.toContain("scripted-key");
});

test("tells everything that is known of a backend", async () => {
  await expect.poll(readTime, { timeout: 8_000 }).toEqual({
    name: "time",
    state: "ready",
    transport: "builtin time",
    address: null,
    era: null,
    protocolVersion: null,
    counts: { tools: 2, prompts: 0, resources: 0, resourceTemplates: 0 },
    toolCount: 2,
    lastError: null,
    lastSeen: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
    latencyMs: expect.any(Number),
    server: null,
    connector: null,
    session: "per-user",
    credentials: "shared",
    login: null,
    warnings: [],
  });
});

test("refuses everybody without a credential, browsers too", async () => {
  const strangers: readonly Record<string, string>[] = [{}, { accept: "text/html" }];
  for (const headers of strangers) {
    // oxlint-disable-next-line no-await-in-loop
    const response = await send("/status", { headers });
    expect(response.status).toBe(401);
    expect(response.headers.get("www-authenticate")).toContain("Bearer");
  }
});

test("shows a key only the backends it may know", async () => {
  const created = await sendAsOwner("/admin/api/keys", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name: "time only", deny: ["secret"] }),
  });
  const { key } = await created.json<{ key: string }>();
  const response = await send("/status", { headers: { authorization: `Bearer ${key}` } });
  const { backends } = await response.json<Status>();
  expect(backends.map(({ name }) => name)).toEqual(["time"]);
});

test("answers HEAD, and only reads", async () => {
  const head = await sendAuthorized("/status", { method: "HEAD" });
  expect([head.status, await head.text()]).toEqual([200, ""]);
  const post = await sendAuthorized("/status", { method: "POST" });
  expect([post.status, post.headers.get("allow")]).toEqual([405, "GET, HEAD, OPTIONS"]);
});

test("tells of disabled tools that are not there, and none of those that are", async () => {
  const withDisabled = async (name: string): Promise<unknown> => {
    await configure({ mcpServers: { time: { builtin: "time", disabledTools: [name] } } });
    await awaitReady(["time"]);
    return readTime();
  };
  expect(await withDisabled("get_curent_time")).toMatchObject({
    warnings: ['disabledTools: there is no tool "get_curent_time"'],
  });
  expect(await withDisabled("get_current_time")).toMatchObject({ warnings: [] });
});
