import { env } from "cloudflare:workers";
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import type { BackendReport } from "../../src/config/backend-report.ts";
import { asRegistry } from "../../src/config/registry-client.ts";
import type { Registry } from "../../src/config/registry.ts";
import { MASK } from "../../src/core/redact.ts";

type Stub = ReturnType<typeof env.REGISTRY.getByName>;

function freshStub(): Stub {
  return env.REGISTRY.getByName(`registry ${crypto.randomUUID()}`);
}

function freshRegistry(): Registry {
  return asRegistry(freshStub());
}

const ERP = JSON.stringify({
  mcpServers: {
    erp: {
      url: "https://erp.example.com/mcp",
      headers: { Authorization: "Bearer hunter2-hunter2-hunter2" },
    },
  },
});

test("serves the built-in clock until somebody configures anything", async () => {
  const snapshot = await freshRegistry().snapshot(-1);
  if (snapshot === "unchanged") throw new TypeError("an empty isolate must get a snapshot");
  expect(snapshot.configVersion).toBe(0);
  expect(snapshot.config.backends.map(({ name }) => name)).toEqual(["time"]);
});

test("says unchanged to who knows the latest change", async () => {
  const registry = freshRegistry();
  const first = await registry.snapshot(-1);
  if (first === "unchanged") throw new TypeError("an empty isolate must get a snapshot");
  await registry.putConfig({ text: ERP, source: "admin" });
  const second = await registry.snapshot(first.change);
  if (second === "unchanged") throw new TypeError("the config has changed");
  expect(second.config.backends.map(({ name }) => name)).toEqual(["erp"]);
});

test("keeps secrets sealed in storage, masks them on the way out and takes masks back", async () => {
  const stub = freshStub();
  const registry = asRegistry(stub);
  await registry.putConfig({ text: ERP, source: "admin" });
  await runInDurableObject(stub, async (_, state) => {
    const rows = state.storage.sql.exec("SELECT * FROM config_versions").toArray();
    expect(JSON.stringify(rows)).not.toContain("hunter2");
  });
  const shown = await registry.readConfig();
  expect(JSON.stringify(shown.document)).not.toContain("hunter2");
  expect(JSON.stringify(shown.document)).toContain(MASK);
  await registry.putConfig({ text: JSON.stringify(shown.document), source: "admin" });
  await evictDurableObject(stub);
  const snapshot = await registry.snapshot(-1);
  expect(JSON.stringify(snapshot)).toContain("hunter2-hunter2-hunter2");
});

test("changes nothing when the document is invalid", async () => {
  const registry = freshRegistry();
  await registry.putConfig({ text: ERP, source: "admin" });
  const invalid = JSON.stringify({ mcpServers: { a: { url: "ftp://x" } } });
  await expect(registry.putConfig({ text: invalid, source: "admin" })).rejects.toMatchObject({
    code: "config_invalid",
  });
  expect((await registry.readConfig()).version).toBe(1);
});

test("refuses a change made to an older version", async () => {
  const registry = freshRegistry();
  await registry.putConfig({ text: ERP, source: "admin" });
  await expect(
    registry.putConfig({ text: ERP, source: "admin", expectedVersion: 0 }),
  ).rejects.toMatchObject({ code: "conflict" });
});

test("goes back to an older version as a new one", async () => {
  const registry = freshRegistry();
  await registry.putConfig({ text: ERP, source: "admin" });
  await registry.putConfig({ text: '{"mcpServers":{}}', source: "admin" });
  expect(await registry.restoreConfig(1)).toMatchObject({ version: 3 });
  expect((await registry.listConfigVersions()).map(({ version }) => version)).toEqual([3, 2, 1]);
  expect(JSON.stringify((await registry.readConfig()).document)).toContain("erp.example.com");
});

test("lets only the local file name a private address, and remembers that it did", async () => {
  const registry = freshRegistry();
  const text = JSON.stringify({ mcpServers: { nas: { url: "http://192.168.1.5:8100/mcp" } } });
  await expect(registry.putConfig({ text, source: "admin" })).rejects.toMatchObject({
    message: expect.stringContaining("wanted a public address"),
  });
  await registry.putConfig({ text, source: "file" });
  await registry.putConfig({ text, source: "admin" });
  expect(await registry.snapshot(-1)).toMatchObject({
    privateOrigins: ["http://192.168.1.5:8100"],
  });
});

test("carries changed keys and tombstones in every snapshot", async () => {
  const registry = freshRegistry();
  await registry.putRecord("key:a", "1");
  await registry.putRecord("client:x", "2");
  await registry.putRecord("key:b", "3");
  await registry.deleteRecord("key:b");
  expect(await registry.snapshot(-1)).toMatchObject({
    recentKeys: { "key:a": "1", "key:b": null },
  });
  expect(await registry.listRecords("key:")).toEqual([{ key: "key:a", value: "1" }]);
  expect(await registry.getRecord("client:x")).toBe("2");
});

test("forgets a record when its time is over", async () => {
  const registry = freshRegistry();
  await registry.putRecord("client:x", "2", Date.now() - 1);
  expect(await registry.getRecord("client:x")).toBe(null);
});

test("drops reports of another config", async () => {
  const stub = freshStub();
  const registry = asRegistry(stub);
  await registry.putConfig({ text: ERP, source: "admin" });
  const report = {
    state: "ready" as const,
    configVersion: 0,
    listingHash: "h",
    era: "legacy" as const,
    protocolVersion: "2025-11-25",
    sessionful: false,
    counts: { tools: 1, prompts: 0, resources: 0, resourceTemplates: 0 },
    warnings: [],
    lastError: undefined,
    lastSeen: 1,
    latencyMs: 1,
  };
  await registry.reportBackend("erp", report);
  expect(await registry.snapshot(-1)).toMatchObject({ reports: {} });
  await registry.reportBackend("erp", { ...report, configVersion: 1 });
  await evictDurableObject(stub);
  expect(await registry.snapshot(-1)).toMatchObject({ reports: { erp: { listingHash: "h" } } });
});

test("wakes who watches on every change, and at once who is behind", async () => {
  const registry = freshRegistry();
  const first = await registry.watch(-1);
  const changed = registry.watch(first);
  await registry.putConfig({ text: ERP, source: "admin" });
  const second = await changed;
  expect(second).toBeGreaterThan(first);
  expect(await registry.watch(first)).toBe(second);
  const keyed = registry.watch(second);
  await registry.putRecord("key:a", "1");
  expect(await keyed).toBeGreaterThan(second);
});

test("counts a report as a change only when it says something new", async () => {
  const registry = freshRegistry();
  await registry.putConfig({ text: ERP, source: "admin" });
  const report: BackendReport = {
    state: "ready",
    configVersion: 1,
    listingHash: "h",
    era: "legacy",
    protocolVersion: "2025-11-25",
    sessionful: false,
    counts: { tools: 1, prompts: 0, resources: 0, resourceTemplates: 0 },
    warnings: [],
    lastError: undefined,
    lastSeen: 1,
    latencyMs: 1,
  };
  const changeAfter = async (next: BackendReport): Promise<number> => {
    await registry.reportBackend("erp", next);
    return registry.watch(-1);
  };
  const ready = await changeAfter(report);
  expect(await changeAfter({ ...report, lastSeen: 2, latencyMs: 7 })).toBe(ready);
  expect(await changeAfter({ ...report, listingHash: "i" })).toBe(ready + 1);
  expect(await changeAfter({ ...report, listingHash: "i", state: "down" })).toBe(ready + 2);
});

test("counts attempts and says when the next one makes sense", async () => {
  const registry = freshRegistry();
  const attempt = { bucket: "owner 203.0.113.9", limit: 2, windowMs: 60_000 };
  expect(await registry.countAttempt(attempt)).toMatchObject({ allowed: true });
  expect(await registry.countAttempt(attempt)).toMatchObject({ allowed: true });
  const refused = await registry.countAttempt(attempt);
  expect(refused.allowed).toBe(false);
  expect(refused.retryAfter).toBeGreaterThan(50);
});
