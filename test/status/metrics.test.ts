import { beforeAll, expect, test, vi } from "vitest";
import { keyFor } from "../support/key-for.ts";
import { legacy, send, sendAsOwner, STATIC_KEY } from "../support/worker.ts";

async function scrape(token: string): Promise<{ status: number; text: string }> {
  const response = await send("/metrics", { headers: { authorization: `Bearer ${token}` } });
  return { status: response.status, text: await response.text() };
}

beforeAll(async () => {
  await legacy("tools/list"); // what comes after is not about the first start
}, 60_000);

test("shows the owner, and a key for it, what is counted and how backends are", async () => {
  await legacy("tools/call", { name: "time_get_current_time", arguments: {} });
  const key = await keyFor({ metrics: true });
  const text = await vi.waitUntil(
    async () => {
      const scraped = await scrape(key);
      return scraped.text.includes("gateway_calls_total{") && scraped.text;
    },
    { timeout: 10_000, interval: 200 },
  );
  expect(text).toMatch(/^gateway_build_info\{version="\d+\.\d+\.\d+"\} 1$/m);
  expect(text).toContain('gateway_backend_up{backend="time"} 1\n');
  expect(text).toMatch(/^gateway_backend_tools\{backend="time"\} [1-9]/m);
  expect(text).toContain('gateway_calls_total{backend="time",method="tools/call",outcome=');
  expect(text).toContain('le="+Inf"} 1\n');
  const samples = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  for (const line of samples) expect(line).toMatch(/^[a-z_]+\{([a-z_]+="[^"]*",?)*\} [\d.]+$/);
  const response = await sendAsOwner("/metrics");
  expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  expect(await response.text()).toContain("gateway_build_info");
});

test("shows them to nobody else", async () => {
  const plain = await keyFor({});
  expect((await scrape(plain)).status).toBe(403);
  expect((await scrape(STATIC_KEY)).status).toBe(401);
  expect((await scrape("mgw_unknown")).status).toBe(401);
  const nobody = await send("/metrics");
  expect([nobody.status, nobody.headers.get("www-authenticate")]).toEqual([
    401,
    expect.stringContaining("Basic"),
  ]);
  const person = await sendAsOwner("/admin/api/users", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name: "Ann" }),
  });
  const { id } = await person.json<{ id: string }>();
  expect((await scrape(await keyFor({ metrics: true, user: id }))).status).toBe(403);
});

test("makes a key for metrics good for nothing else", async () => {
  const key = await keyFor({ metrics: true });
  for (const path of ["/status", "/v1/models", "/time/openapi.json"]) {
    // oxlint-disable-next-line no-await-in-loop
    const response = await send(path, { headers: { authorization: `Bearer ${key}` } });
    // oxlint-disable-next-line no-await-in-loop
    expect([path, response.status, await response.text()]).toEqual([
      path,
      403,
      expect.stringContaining("metrics only"),
    ]);
  }
  const both = await sendAsOwner("/admin/api/keys", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name: "both", metrics: true, allow: ["time"] }),
  });
  expect([both.status, await both.text()]).toEqual([
    400,
    expect.stringContaining('leave out \\"allow\\"'),
  ]);
});
