import { describe, expect, inject, test } from "vitest";
import type { BackendOrder } from "../../src/config/backend-order.ts";
import type { BackendTransport } from "../../src/config/gateway-config.ts";
import {
  askObject,
  call,
  http,
  ioFor,
  leaseOf,
  orderFor,
  stubOf,
  textOf,
} from "../support/backend-calls.ts";
import { bridgeTo } from "../support/bridge-server.ts";
import { connectServer } from "../support/connect-server.ts";
import { sendRequest } from "../../src/backends/send.ts";
import type { RpcNotification } from "../../src/core/json-rpc.ts";

/** What every kind of backend does, whatever it speaks. */

const fixtures = inject("fixtures");
type Driver = Readonly<{
  transport: BackendTransport;
  sessionful: boolean;
  /** What a connector brings, where the backend is one's. */
  behind?: string;
}>;
const DRIVERS: Record<string, Driver> = {
  "legacy HTTP with JSON": { transport: http(fixtures.legacyJson), sessionful: false },
  "legacy HTTP with a session and streams": {
    transport: http(fixtures.legacySession),
    sessionful: true,
  },
  "legacy HTTP+SSE": {
    transport: { kind: "sse", url: fixtures.legacySse, headers: {} },
    sessionful: true,
  },
  modern: { transport: http(fixtures.modern), sessionful: false },
  "a legacy server of a connector": {
    transport: { kind: "stdio" },
    sessionful: true,
    behind: fixtures.legacySession,
  },
  "a modern server of a connector": {
    transport: { kind: "stdio" },
    sessionful: true,
    behind: fixtures.modern,
  },
};

describe.each(Object.entries(DRIVERS))("%s", (name, { transport, sessionful, behind }) => {
  async function newOrder(changes: Parameters<typeof orderFor>[1] = {}): Promise<BackendOrder> {
    const session = behind === undefined ? {} : { session: "shared" as const };
    const order = orderFor(transport, { ...session, ...changes });
    if (behind !== undefined) {
      const ask = (): Promise<Response> => askObject(order);
      await connectServer(order.config.name, bridgeTo(behind), { ask });
    }
    return order;
  }

  test("calls a tool", async () => {
    const order = await newOrder();
    const answer = await call(order, {
      id: "mine",
      params: { name: "test_simple_text", arguments: {} },
    });
    expect(textOf(answer)).toBe("This is a simple text response for testing.");
    expect(answer.message().id).toBe("mine");
    expect(JSON.parse(answer.text).id).toBe("mine");
  });

  test("says whether it keeps sessions", async () => {
    expect((await leaseOf(await newOrder())).sessionId !== undefined).toBe(sessionful);
  });

  test("lists everything it advertises, untouched", async () => {
    const order = await newOrder();
    const stub = stubOf(order.config.name);
    await stub.configure(order);
    const listing = await listed(order.config.name);
    expect(listing.tools.map((tool) => tool.name)).toContain("test_simple_text");
    expect(
      listing.tools.find((tool) => tool.name === "json_schema_2020_12_tool")?.inputSchema,
    ).toMatchObject({
      $schema: "https://json-schema.org/draft/2020-12/schema",
      additionalProperties: false,
      if: { required: ["contactMethod"] },
    });
    expect(listing.tools.find((tool) => tool.name === "echo")?.["_meta"]).toEqual({
      "example.com/kept": { nested: [1, null] },
    });
    expect(listing.prompts).toHaveLength(5);
    expect(listing.resources).toHaveLength(3);
    expect(listing.resourceTemplates).toHaveLength(1);
    expect(listing.instructions).toBe("For tests only");
    expect(listing.serverInfo["name"]).toMatch(/^conformance-/);
    expect(listing.warnings).toEqual([]);
  });

  test("hands on errors with their code and data", async () => {
    const order = await newOrder();
    const answer = await call(order, {
      method: "resources/read",
      params: { uri: "test://nothing" },
    });
    expect(answer.message()).toMatchObject({
      id: 1,
      error: { code: -32602, data: { uri: "test://nothing" } },
    });
  });

  test("passes prompts, resources and completions through", async () => {
    const order = await newOrder();
    const prompt = await call(order, {
      method: "prompts/get",
      params: { name: "test_prompt_with_arguments", arguments: { arg1: "a", arg2: "b" } },
    });
    expect(prompt.text).toContain("arg1='a', arg2='b'");
    const resource = await call(order, {
      method: "resources/read",
      params: { uri: "test://template/123/data" },
    });
    expect(resource.text).toContain("Data for ID: 123");
    const completion = await call(order, {
      method: "completion/complete",
      params: { ref: { type: "ref/prompt", name: "x" }, argument: { name: "a", value: "pa" } },
    });
    expect(completion.text).toContain("paris");
  });

  test.skipIf(name === "legacy HTTP with JSON")(
    "brings progress under the caller's own token before the answer",
    async () => {
      const order = await newOrder();
      const notifications: RpcNotification[] = [];
      const answer = await call(
        order,
        { params: { name: "test_tool_with_progress", arguments: {}, _meta: { progressToken: 7 } } },
        { notify: (notification) => notifications.push(notification) },
      );
      expect(textOf(answer)).toContain("executed successfully");
      expect(
        notifications.map(({ params }) => [params?.["progressToken"], params?.["progress"]]),
      ).toEqual([
        [7, 0],
        [7, 50],
        [7, 100],
      ]);
    },
  );

  test.skipIf(name.includes("modern"))(
    "waits for a tool that closes its stream and goes on",
    async () => {
      const answer = await call(await newOrder(), { params: { name: "test_reconnection" } });
      expect(textOf(answer)).toBe("Reconnection test completed successfully");
    },
  );

  test("does not cross the answers of calls with equal ids", async () => {
    const order = await newOrder();
    const lease = await leaseOf(order);
    const texts = await Promise.all(
      Array.from({ length: 20 }, async (_, index) =>
        textOf(
          await sendRequest(
            lease,
            { id: 1, method: "tools/call", params: { name: "echo", arguments: { index } } },
            ioFor(order),
          ),
        ),
      ),
    );
    expect(texts).toEqual(texts.map((_, index) => JSON.stringify({ index })));
  });

  test("ends at the deadline when the tool hangs, and answers the next call", async () => {
    const order = await newOrder({ timeoutMs: 300 });
    await expect(call(order, { params: { name: "wait" } })).rejects.toMatchObject({
      code: "backend_timeout",
      message: `Cannot call tool "wait": backend "${order.config.name}" did not answer within 0.3 s`,
    });
    expect(textOf(await call(order, { params: { name: "echo", arguments: { a: 1 } } }))).toBe(
      '{"a":1}',
    );
  });

  test("ends when the caller gives up", async () => {
    const order = await newOrder();
    const caller = new AbortController();
    const running = call(order, { params: { name: "wait" } }, { signal: caller.signal });
    setTimeout(() => caller.abort(), 50);
    await expect(running).rejects.toMatchObject({ code: "cancelled" });
  });
});

async function listed(name: string) {
  for (;;) {
    const listing = await stubOf(name).listing();
    if (listing !== undefined) return listing;
    await scheduler.wait(10); // until the deadline of the test
  }
}
