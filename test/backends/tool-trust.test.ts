import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import type { LoginStub } from "../../src/backends/login-stub.ts";
import type { ListedTool, Listing } from "../../src/catalog/listing.ts";
import type { BackendOrder } from "../../src/config/backend-order.ts";
import type { Trust } from "../../src/config/gateway-config.ts";
import { release } from "../../src/core/outcome.ts";
import { http, orderFor, quirk, stubOf } from "../support/backend-calls.ts";

const PAY: ListedTool = { name: "pay", description: "Pays", inputSchema: { type: "object" } };
const REWORDED: ListedTool = { ...PAY, description: "Pays, and tells the neighbours" };
const STEAL: ListedTool = { name: "steal", inputSchema: { type: "object" } };

/** A backend whose tools change, and its object. */
function changing(trust: Trust) {
  const backend = quirk("scripted");
  const order = orderFor(http(backend.url), { trust });
  const { name } = order.config;
  let version = 1;
  const stub = () => stubOf(name);
  const tools = async (): Promise<readonly ListedTool[]> => (await stub().listing())?.tools ?? [];
  return {
    stub,
    tools,
    offer: async (listed: readonly ListedTool[], instructions?: string): Promise<void> =>
      backend.control({
        offer: { "tools/list": { tools: listed }, initialize: { instructions } },
      }),
    order: (change: Partial<BackendOrder["config"]> = {}): BackendOrder => {
      version += 1;
      return { ...order, configVersion: version, config: { ...order.config, ...change } };
    },
    /** Lists once more, and waits for what is wanted of it. */
    async relists(wanted: readonly ListedTool[]): Promise<void> {
      await stub().listChanged();
      await expect.poll(tools, { timeout: 5_000, interval: 50 }).toEqual(wanted);
    },
    /** Lists once more, and waits until so many tools wait. */
    async waits(names: readonly string[]): Promise<void> {
      await stub().listChanged();
      const waiting = async () => (await stub().reviews()).map(({ name: one }) => one);
      await expect.poll(waiting, { timeout: 5_000, interval: 50 }).toEqual(names);
    },
    async decide(verdict: "approve" | "refuse"): Promise<void> {
      const reviews = await stub().reviews();
      const verdicts = reviews.map((review) => ({ name: review.name, hash: review.hash, verdict }));
      release(await stub().decide(verdicts));
    },
  };
}

test("serves what was approved while a backend changes its mind, through an eviction", async () => {
  const { stub, offer, order, relists, waits, tools, decide } = changing("enforce");
  await offer([PAY]);
  await stub().configure(order());
  await relists([PAY]);
  await offer([REWORDED, STEAL]);
  await waits(["pay", "steal"]);
  expect(await tools()).toEqual([PAY]);
  await evictDurableObject(stub());
  await waits(["pay", "steal"]);
  expect(await tools()).toEqual([PAY]);
  await decide("approve");
  expect(await tools()).toEqual([REWORDED, STEAL]);
  expect(await stub().reviews()).toEqual([]);
  await evictDurableObject(stub());
  await relists([REWORDED, STEAL]);
});

test("takes no verdict on what has changed meanwhile", async () => {
  const { stub, offer, order, relists, waits, tools } = changing("enforce");
  await offer([PAY]);
  await stub().configure(order());
  await relists([PAY]);
  await offer([PAY, STEAL]);
  await waits(["steal"]);
  const [seen] = await stub().reviews();
  const verdict = { name: "steal", hash: seen?.hash ?? "", verdict: "approve" } as const;
  await offer([PAY, { ...STEAL, description: "More than that" }]);
  await stub().listChanged();
  await expect
    .poll(async () => (await stub().reviews())[0]?.now["description"], {
      timeout: 5_000,
      interval: 50,
    })
    .toBe("More than that");
  expect(await stub().decide([verdict])).toMatchObject({ error: { code: "conflict" } });
  expect(await tools()).toEqual([PAY]);
});

test("keeps its pins when a header changes, and when the backend is switched off and on", async () => {
  const { stub, offer, order, relists, waits, tools } = changing("enforce");
  await offer([PAY]);
  const first = order();
  await stub().configure(first);
  await relists([PAY]);
  await offer([PAY, STEAL]);
  const { transport } = first.config;
  if (transport.kind !== "streamable-http") throw new Error("not remote");
  await stub().configure(order({ transport: { ...transport, headers: { "x-team": "two" } } }));
  await waits(["steal"]);
  await stub().remove();
  await stub().configure(order());
  await relists([PAY]);
  expect(await tools()).toEqual([PAY]);
});

test("starts anew at another address", async () => {
  const { stub, offer, order, relists, waits } = changing("enforce");
  await offer([PAY]);
  await stub().configure(order());
  await relists([PAY]);
  await offer([STEAL]);
  await waits(["steal"]);
  const other = quirk("scripted");
  await other.control({ offer: { "tools/list": { tools: [STEAL] } } });
  await stub().configure(order({ transport: http(other.url) }));
  await relists([STEAL]);
  expect(await stub().reviews()).toEqual([]);
});

test("approves what is there when it is switched on, and serves all when it is switched off", async () => {
  const { stub, offer, order, relists, waits, tools } = changing("off");
  await offer([PAY]);
  await stub().configure(order());
  await relists([PAY]);
  await offer([REWORDED]);
  await relists([REWORDED]);
  await stub().configure(order({ trust: "enforce" }));
  await offer([PAY, STEAL]);
  await waits(["pay", "steal"]);
  expect(await tools()).toEqual([REWORDED]);
  await stub().configure(order({ trust: "off" }));
  await expect.poll(tools, { timeout: 5_000, interval: 50 }).toEqual([PAY, STEAL]);
  expect(await stub().reviews()).toEqual([]);
});

test("warns of a backend in one's own network, and serves what it says", async () => {
  const { stub, offer, order, relists } = changing("warn");
  const { trust: _trust, ...config } = order().config;
  await offer([PAY]);
  await stub().configure({ ...order(), config });
  await relists([PAY]);
  await offer([REWORDED, STEAL]);
  await relists([REWORDED, STEAL]);
  expect((await stub().listing())?.warnings).toEqual([
    "tools that differ from what was approved: 2",
  ]);
  expect(await stub().reviews()).toHaveLength(2);
});

test("judges the listings of all people by one book", async () => {
  const { stub, order } = changing("enforce");
  const mine = order({ credentials: "per-user" });
  const judge = async (tools: readonly ListedTool[]): Promise<readonly ListedTool[]> => {
    const listing: Listing = {
      hash: JSON.stringify(tools),
      serverInfo: {},
      instructions: undefined,
      capabilities: { tools: {} },
      tools,
      prompts: [],
      resources: [],
      resourceTemplates: [],
      warnings: [],
    };
    return (await stub().judge(mine, listing, "nobody")).tools;
  };
  expect(await judge([PAY])).toEqual([PAY]);
  expect(await judge([PAY, STEAL])).toEqual([PAY]);
  expect(await judge([PAY])).toEqual([PAY]);
  const [review] = await stub().reviews();
  expect(review?.name).toBe("steal");
});

test("a verdict holds at once for everybody who has a connection of their own", async () => {
  const { stub, offer, order, waits, decide } = changing("enforce");
  const { transport } = order().config;
  if (transport.kind !== "streamable-http") throw new Error("not remote");
  const headers = { "x-key": "${USER_KEY}" };
  const personal = order({ credentials: "per-user", transport: { ...transport, headers } });
  const { name } = personal.config;
  await stub().configure(personal);
  await offer([PAY]);
  const people = ["u-00000000000000000001", "u-00000000000000000002"];
  for (const user of people) {
    const login: LoginStub = env.LOGINS.getByName(user);
    release(await login.putKey(personal, "", "key-of-a-person"));
    await stubOf(`${name}/${user}`).prepare(personal);
  }
  const listed = (): Promise<(readonly ListedTool[] | undefined)[]> =>
    Promise.all(people.map(async (user) => (await stubOf(`${name}/${user}`).listing())?.tools));
  expect(await listed()).toEqual([[PAY], [PAY]]);
  await offer([REWORDED, STEAL]);
  await stubOf(`${name}/${people[0]}`).listChanged();
  await stubOf(`${name}/${people[1]}`).listChanged();
  await waits(["pay", "steal"]);
  expect(await listed()).toEqual([[PAY], [PAY]]);
  await decide("approve");
  await expect.poll(listed, { timeout: 5_000, interval: 50 }).toEqual([
    [REWORDED, STEAL],
    [REWORDED, STEAL],
  ]);
});
