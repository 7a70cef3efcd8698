import { expect, test } from "vitest";
import { legacy, sendAsOwner } from "../support/worker.ts";

async function newest(): Promise<Record<string, unknown>[]> {
  const response = await sendAsOwner("/admin/api/audit?limit=10");
  return ((await response.json()) as { events: Record<string, unknown>[] }).events;
}

test("keeps who called what and how it ended, never arguments or results", async () => {
  await legacy("tools/call", {
    name: "time_get_current_time",
    arguments: { timezone: "Asia/Tokyo" },
  });
  await legacy("tools/call", {
    name: "time_get_current_time",
    arguments: { timezone: "Nowhere/Land" },
  });
  const deadline = Date.now() + 5_000;
  let events = await newest();
  while (events.length < 2 && Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    events = await newest();
  }
  expect(events).toMatchObject([
    { method: "tools/call", backend: "time", target: "get_current_time", outcome: "tool_error" },
    { method: "tools/call", backend: "time", target: "get_current_time", outcome: "ok" },
  ]);
  expect(events[0]?.["requestId"]).toEqual(expect.any(String));
  expect(JSON.stringify(events)).not.toContain("Tokyo");
});

test("wants a sensible limit", async () => {
  const response = await sendAsOwner("/admin/api/audit?limit=1e9");
  expect(response.status).toBe(400);
  expect(await response.text()).toContain("wanted 1 to 1000");
});
