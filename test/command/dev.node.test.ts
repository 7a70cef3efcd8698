import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { descendantsOf, isRunning, startCommand } from "./started-gateway.ts";

const STOP_LIMIT_MS = 3_000;

test("serves with wrangler dev, quietly, and takes its whole process tree down", async () => {
  const folder = await mkdtemp(join(tmpdir(), "dev-"));
  const config = join(folder, "mcp.json");
  await writeFile(config, '{ "mcpServers": { "clock": { "builtin": "time" } } }');
  const gateway = startCommand(["dev", "--port", "0", "--state", folder, "--config", config]);
  try {
    await gateway.until(/\bcurl +curl /);
    expect(gateway.output()).toMatch(/clock +ready/);
    expect(gateway.output()).not.toMatch(/wrangler \d|ENCRYPTION_KEY|Ready on|telemetry/);
    const tree = descendantsOf(gateway.pid);
    expect(tree.length).toBeGreaterThan(2);
    const asked = performance.now();
    expect(await gateway.end("SIGINT")).toBe(0);
    expect(performance.now() - asked).toBeLessThan(STOP_LIMIT_MS);
    while (tree.some(isRunning) && performance.now() < asked + STOP_LIMIT_MS) await sleep(20);
    expect(tree.filter(isRunning)).toEqual([]);
  } finally {
    await gateway.end("SIGKILL");
    await rm(folder, { recursive: true, force: true });
  }
});
