import { runInDurableObject } from "cloudflare:test";
import { afterEach, expect, test, vi } from "vitest";
import { ToolTrust } from "../../src/backends/tool-trust.ts";
import { TrustStore } from "../../src/backends/trust-store.ts";
import type { Listing, ListedTool } from "../../src/catalog/listing.ts";
import { http, orderFor, stubOf } from "../support/backend-calls.ts";

afterEach(() => {
  vi.useRealTimers();
});

const tool = (name: string): ListedTool => ({ name, inputSchema: { type: "object" } });

function listing(hash: string, tools: readonly ListedTool[]): Listing {
  return {
    hash,
    serverInfo: {},
    instructions: undefined,
    capabilities: {},
    tools,
    prompts: [],
    resources: [],
    resourceTemplates: [],
    warnings: [],
  };
}

test("keeps a verdict that waited too long for a listing that is being judged", async () => {
  const order = orderFor(http("https://slow.test/mcp"), { trust: "enforce" });
  await runInDurableObject(stubOf(order.config.name), async (_, { storage }) => {
    const store = new TrustStore(storage.sql);
    const trust = new ToolTrust({
      store,
      served: () => undefined,
      publicUrl: undefined,
      now: () => 1,
    });
    await trust.judge(order, listing("first", [tool("pay")]));
    const many = [tool("pay"), ...Array.from({ length: 2_000 }, (_one, at) => tool(`t${at}`))];
    await trust.judge(order, listing("second", many));
    const [review] = trust.reviews();
    if (review === undefined) throw new Error("none waits");
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const judging = trust.judge(order, listing("third", [...many, tool("more")]));
    const verdict = { name: review.name, hash: review.hash, verdict: "approve" } as const;
    const deciding = trust.decide(order, [verdict]);
    vi.advanceTimersByTime(10_000);
    await Promise.all([judging, deciding]);
    expect(trust.reviews().map(({ name }) => name)).not.toContain(review.name);
    expect((await judging).tools.map(({ name }) => name)).toEqual(["pay", review.name]);
  });
});
