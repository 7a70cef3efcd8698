import { expect, inject, test } from "vitest";
import { awaitReady, configure, legacy } from "../support/worker.ts";

const { quirky } = inject("fixtures");
const TOOLS = Array.from({ length: 23 }, (_, index) => `tool_${index}`);

test("lists a thousand tools of fifty backends without waiting for five that hang", async () => {
  const good = Array.from({ length: 45 }, (_, index) => `good-${index}`);
  const hung = Array.from({ length: 5 }, (_, index) => `hung-${index}`);
  for (const name of good) {
    await fetch(`${quirky}/control/plain/${name}`, {
      method: "POST",
      body: JSON.stringify({ tools: TOOLS }),
    });
  }
  await configure({
    mcpServers: Object.fromEntries([
      ...good.map((name) => [name, { url: `${quirky}/plain/${name}` }]),
      ...hung.map((name) => [name, { url: `${quirky}/no-handshake/${name}` }]),
    ]),
  });
  // Far below the 10 s a handshake may take: nobody waits for the hung ones.
  const started = Date.now();
  const first = await legacy("tools/list");
  expect(Date.now() - started).toBeLessThan(6_000);
  const known = first.message.result?.["tools"];
  expect(Array.isArray(known) && known.length % TOOLS.length === 0).toBe(true);

  await awaitReady(good);
  const again = Date.now();
  const { message } = await legacy("tools/list");
  expect(message.result?.["tools"]).toHaveLength(45 * 23);
  expect(Date.now() - again).toBeLessThan(3_000);
}, 60_000);

test("answers a call to a hung backend with an error that names it", async () => {
  await configure({
    mcpServers: {
      hung: { url: `${quirky}/hang/answer`, timeout: 1 },
      good: { url: `${quirky}/plain/answer` },
    },
  });
  await awaitReady(["hung", "good"]);
  const { message } = await legacy("tools/call", { name: "hung_call", arguments: {} });
  expect(message.result).toMatchObject({
    isError: true,
    content: [
      { type: "text", text: expect.stringMatching(/backend "hung" did not answer within 1 s/) },
    ],
  });
});
