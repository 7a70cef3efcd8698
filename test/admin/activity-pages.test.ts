import { env } from "cloudflare:workers";
import { beforeAll, expect, test } from "vitest";
import { AUDIT_NAME } from "../../src/telemetry/audit-object.ts";
import { type SignedIn, signInAsOwner } from "../support/owner-browser.ts";
import { configure, sendAsOwner } from "../support/worker.ts";

const HOSTILE = `"onx=1><script>alert(1)</script>`;
const MINUTE = 60_000;

let owner: SignedIn;

function event(changes: object): object {
  return {
    kind: "call",
    at: Date.now() - MINUTE,
    requestId: "r",
    userId: "owner",
    credentialId: "k",
    surface: "mcp",
    method: "tools/call",
    backend: "time",
    target: "now",
    outcome: "ok",
    ms: 12,
    ...changes,
  };
}

async function record(events: readonly object[]): Promise<void> {
  const keep = { days: 30, toolMetrics: false };
  await env.AUDIT.getByName(AUDIT_NAME).append(JSON.stringify(events), keep);
}

beforeAll(async () => {
  await configure({ mcpServers: { time: { builtin: "time" } } });
  owner = await signInAsOwner();
}, 30_000);

test("tells a newcomer what to do next", async () => {
  const { status, html } = await owner.get("/admin");
  expect(status).toBe(200);
  expect(html).toContain("Add your first backend");
  expect(html).toContain('role="img" aria-label="No calls"');
});

test("counts calls and failures, in a picture, in words and as a table", async () => {
  await record([
    event({}),
    event({ outcome: "failed", code: "backend_timeout" }),
    event({ target: HOSTILE, userId: HOSTILE, client: HOSTILE, outcome: "tool_error" }),
    event({ kind: "sign_in", method: "", backend: "", target: "" }),
    event({ kind: "chat", target: "model", tokens: { input: 30, output: 12 }, result: HOSTILE }),
  ]);
  const { html } = await owner.get("/admin");
  expect(html).toContain('aria-label="3 calls, 2 of them failed; at most 3 within 60 minutes"');
  expect(html).toMatch(/<b>3<\/b> calls in 24 hours/);
  expect(html).toContain("As a table");
  expect(html).toMatch(/tools, about [1-9][\d,]* tokens for a model/);
});

test("lists events in escaped words, and narrows them", async () => {
  const all = await owner.get("/admin/activity");
  expect(all.status).toBe(200);
  expect(all.html).toContain("backend_timeout");
  expect(all.html).toContain("sign in");
  expect(all.html).toContain("42 tokens");
  expect(all.html).toContain("Arguments and result");
  expect(all.html).toContain("&lt;script&gt;alert");
  expect(all.html).not.toContain("<script>alert");
  const failed = await owner.get("/admin/activity?outcome=failed&user=owner&backend=time&kind=");
  expect(failed.html.match(/<td class="number">12 ms/g)).toHaveLength(1);
  const none = await owner.get(`/admin/activity?user=${encodeURIComponent(`x${HOSTILE}`)}`);
  expect(none.html).toContain("There is no such event");
  expect(none.html).not.toContain("<script>alert");
  expect((await owner.get("/admin/activity?outcome=odd")).status).toBe(400);
});

test("leads from page to page, and keeps what was asked for", async () => {
  await record(Array.from({ length: 60 }, (_, index) => event({ target: `t${index}` })));
  const first = await owner.get("/admin/activity?backend=time");
  expect(first.html).toContain("<code>t59</code>");
  const older = /href="(\/admin\/activity\?[^"]*before=[^"]*)"/.exec(first.html)?.[1] ?? "";
  expect(older).toContain("backend=time");
  const second = await owner.get(older.replaceAll("&amp;", "&"));
  expect(second.html).toContain("<code>t0</code>");
  expect(second.html).not.toContain("<code>t59</code>");
  expect(second.html).not.toContain("data-live");
});

test("lists the versions of the config, shows them without secrets, and goes back", async () => {
  const headers = { Authorization: "Bearer very-secret-1" };
  await configure({
    mcpServers: {
      time: { builtin: "time" },
      erp: { url: "https://erp.test", headers, enabled: false },
    },
  });
  const before = await (await sendAsOwner("/admin/api/config")).json<{ version: number }>();
  await configure({ mcpServers: { time: { builtin: "time" } } });
  const { html } = await owner.get("/admin/config");
  expect(html).toContain(`Version ${before.version}`);
  const shown = await owner.get(`/admin/config/${before.version}`);
  expect(shown.html).toContain("erp.test");
  expect(shown.html).not.toContain("very-secret");
  const refused = await owner.post(`/admin/config/${before.version}/restore`, { form_token: "" });
  expect(refused.status).toBe(403);
  const done = await owner.post(`/admin/config/${before.version}/restore`);
  expect(done.location).toBe("/admin/config?done=restored");
  expect(await (await sendAsOwner("/admin/api/config")).text()).toContain("erp.test");
  expect((await owner.get("/admin/config/999")).status).toBe(404);
});
