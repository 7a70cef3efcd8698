import { mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually } from "../support/child.ts";
import type { Fixture } from "../support/loopback-server.ts";
import { startQuirkyBackends } from "../support/quirky-backends.ts";
import { type StartedGateway, startGateway } from "../support/start-gateway.ts";

/**
 * mcpo's hot reload, one row each: what it promises holds here, and so does what it breaks (a
 * server that was removed or changed goes on as it was).
 */
const WITHIN_MS = 5_000;

let folder: string;
let file: string;
let quirky: Fixture;
let gateway: StartedGateway;

type Entries = Record<string, object>;
const TIME = { builtin: "time" };

function write(mcpServers: Entries): void {
  writeFileSync(file, JSON.stringify({ mcpServers }));
}

const quirk = (name: string) => ({ type: "http", url: `${quirky.url}/${name}` });

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "mcpo-reload-"));
  file = join(folder, "mcp.json");
  quirky = await startQuirkyBackends();
  write({ clock: TIME, plain: quirk("plain/first") });
  gateway = await startGateway(["--config", file, "--hot-reload", "--path-prefix", "/tools"]);
}, 90_000);

afterAll(async () => {
  await Promise.all([gateway?.stop(), quirky?.close()]);
  rmSync(folder, { recursive: true, force: true });
});

/** Of a document, or of a call whose arguments do for every tool here. */
async function statusOf(path: string): Promise<number> {
  const body = path.endsWith("/convert_time")
    ? { source_timezone: "UTC", time: "12:00", target_timezone: "UTC" }
    : { timezone: "UTC" };
  const answer = await fetch(`${gateway.url}/tools${path}`, {
    headers: { authorization: `Bearer ${gateway.apiKey}`, "content-type": "application/json" },
    ...(path.endsWith(".json") ? {} : { method: "POST", body: JSON.stringify(body) }),
  });
  await answer.body?.cancel();
  return answer.status;
}

/** Within what the product promises for every change of policy. */
function soon(path: string, status: number): Promise<void> {
  return eventually(
    `${path} answers ${status}`,
    async () => expect(await statusOf(path)).toBe(status),
    WITHIN_MS,
  );
}

test("C85 same: a server that is added works", async () => {
  write({ clock: TIME, plain: quirk("plain/first"), added: quirk("plain/added") });
  await soon("/added/call", 200);
});

test("C82 better: a server that is removed is gone", async () => {
  await soon("/plain/call", 200);
  expect(await statusOf("/plain/openapi.json")).toBe(200);
  write({ clock: TIME, added: quirk("plain/added") });
  await soon("/plain/call", 404);
  await soon("/plain/openapi.json", 404);
});

test("C83 better: a tool that is newly disabled is gone, its server is not", async () => {
  await soon("/clock/get_current_time", 200);
  write({ clock: { ...TIME, disabledTools: ["get_current_time"] }, added: quirk("plain/added") });
  await soon("/clock/get_current_time", 404);
  expect(await statusOf("/clock/convert_time")).toBe(200);
});

test("C83 better: a server whose address changed is asked at the new one", async () => {
  write({ clock: TIME, added: quirk("plain/moved") });
  await eventually(
    "the call arrives there",
    async () => {
      await statusOf("/added/call");
      const log = await fetch(`${quirky.url}/log/plain/moved`);
      expect(await log.text()).toContain("tools/call");
    },
    WITHIN_MS,
  );
});

test("C81 same: an edit that is no JSON changes nothing and is told", async () => {
  writeFileSync(file, "{ no json");
  await gateway.child.see(/mcp\.json: document: not JSON: .*\(the last config stays in force\)/);
  expect(await statusOf("/added/call")).toBe(200);
});

test("C84 better: an edit that is wrong changes nothing at all, not half of it", async () => {
  write({ clock: { url: "ftp://x" }, another: TIME });
  await gateway.child.see(/mcpServers\.clock\.url: "ftp:\/\/x", wanted .*\(the last config stays/);
  expect(await statusOf("/added/call")).toBe(200);
  expect(await statusOf("/clock/get_current_time")).toBe(200);
  expect(await statusOf("/another/get_current_time")).toBe(404);
  write({ clock: TIME, added: quirk("plain/moved"), another: TIME });
  await soon("/another/get_current_time", 200);
});

test("C81 same: a file that is replaced, and one behind a link, is followed", async () => {
  const other = join(folder, "other.json");
  writeFileSync(other, JSON.stringify({ mcpServers: { replaced: TIME } }));
  renameSync(other, file);
  await soon("/replaced/get_current_time", 200);
  writeFileSync(other, JSON.stringify({ mcpServers: { linked: TIME } }));
  rmSync(file);
  symlinkSync(other, file);
  await soon("/linked/get_current_time", 200);
  writeFileSync(other, JSON.stringify({ mcpServers: { edited: TIME } }));
  await soon("/edited/get_current_time", 200);
});

test("C13 better: flags stay in force over every edit", async () => {
  writeFileSync(
    file,
    JSON.stringify({
      mcpServers: { last: TIME },
      gateway: { openapi: { path_prefix: "/elsewhere" } },
    }),
  );
  await soon("/last/get_current_time", 200);
});
