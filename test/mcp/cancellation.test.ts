import { beforeAll, expect, inject, test } from "vitest";
import { awaitReady, configure, sendAuthorized } from "../support/worker.ts";

const { quirky } = inject("fixtures");
const NAME = "hang/cancellation";

type Arrived = {
  http: string;
  message?: { id?: unknown; method?: string; params?: { requestId?: unknown } };
};

beforeAll(async () => {
  await configure({ mcpServers: { slow: { url: `${quirky}/${NAME}` } } });
  await awaitReady(["slow"]);
});

async function arrived(): Promise<Arrived[]> {
  return (await fetch(`${quirky}/log/${NAME}`)).json();
}

async function eventually(check: () => Promise<void>): Promise<void> {
  const deadline = Date.now() + 8_000;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

function post(body: object): Promise<Response> {
  return sendAuthorized("/mcp/slow", {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json, text/event-stream" },
    body: JSON.stringify({ jsonrpc: "2.0", ...body }),
  });
}

async function callArrived(count: number): Promise<void> {
  await eventually(async () => {
    const calls = (await arrived()).filter(({ message }) => message?.method === "tools/call");
    expect(calls).toHaveLength(count);
  });
}

async function cancels(): Promise<Arrived[]> {
  return (await arrived()).filter(({ message }) => message?.method === "notifications/cancelled");
}

test("tells the backend when the caller cancels, and only about that call", async () => {
  const answer = post({ id: "a", method: "tools/call", params: { name: "call", arguments: {} } });
  await callArrived(1);
  await (await post({ method: "notifications/cancelled", params: { requestId: "never" } })).text();
  expect(await cancels()).toEqual([]);
  await (await post({ method: "notifications/cancelled", params: { requestId: "a" } })).text();
  await eventually(async () => expect(await cancels()).toHaveLength(1));
  expect((await cancels())[0]?.message?.params?.requestId).toBe("a");
  expect(await (await answer).text()).toContain("the caller gave up");
});
