import { expect, test } from "vitest";
import type { Listing } from "../../src/catalog/listing.ts";
import type { JsonObject } from "../../src/core/json.ts";
import { collectListing } from "../../src/backends/collect-listing.ts";
import { call, http, leaseOf, orderFor, quirk } from "../support/backend-calls.ts";
import { ioFor } from "../support/backend-calls.ts";
import { sendRequest } from "../../src/backends/send.ts";

/** Over the wire, from a backend of this kind. */
async function listingOf(kind: string, capabilities: JsonObject = { tools: {} }): Promise<Listing> {
  const order = orderFor(http(quirk(kind).url));
  const lease = await leaseOf(order);
  const { listing } = await collectListing({ serverInfo: {}, capabilities }, (method, params) =>
    sendRequest(lease, { id: 1, method, params }, ioFor(order)),
  );
  return listing;
}

test("collects every page", async () => {
  const { tools, warnings } = await listingOf("paging");
  expect(tools.map(({ name }) => name)).toEqual(
    Array.from({ length: 50 }, (_, index) => `tool_${index}`),
  );
  expect(warnings).toEqual([]);
});

test("stops at a cursor that repeats and says so", async () => {
  const { tools, warnings } = await listingOf("paging-in-circles");
  expect(tools.map(({ name }) => name)).toEqual(["at_undefined", "at_again"]);
  expect(warnings).toEqual(["tools/list was cut: its cursor repeats"]);
});

test("stops after 64 pages and says so", async () => {
  const { tools, warnings } = await listingOf("paging-for-ever");
  expect(tools).toHaveLength(64);
  expect(warnings).toEqual(["tools/list was cut: it has more than 64 pages"]);
});

test("leaves out malformed entries and failed lists, never the backend", async () => {
  const listing = await listingOf("malformed", { tools: {}, prompts: {}, resources: {} });
  expect(listing.tools.map(({ name }) => name)).toEqual(["good", "__proto__"]);
  expect(listing.tools[0]).toEqual({
    name: "good",
    inputSchema: { type: "object" },
    "x-unknown": { kept: true },
    annotations: { readOnlyHint: true },
  });
  expect(listing.prompts).toEqual([]);
  expect(listing.resources).toEqual([]);
  expect(listing.warnings).toEqual([
    "a tool was left out: it has no name",
    "a tool was left out: it has no name",
    'tool "no_schema" was left out: it has no inputSchema object',
    'tool "bad_schema" was left out: it has no inputSchema object',
    "a tool was left out: it has no name",
    'tool "good" is listed twice: the first one counts',
    "prompts/list was refused: prompts are broken",
    expect.stringContaining("resources/list failed"),
    "resources/templates/list was answered without a list",
  ]);
});

test("asks only for what is advertised", async () => {
  const asked: string[] = [];
  const order = orderFor(http(quirk("plain").url));
  await collectListing({ serverInfo: {}, capabilities: {} }, (method) => {
    asked.push(method);
    return call(order);
  });
  expect(asked).toEqual([]);
});

test("gives equal listings equal hashes and different ones different", async () => {
  const [first, again, other] = await Promise.all([
    listingOf("plain"),
    listingOf("plain"),
    listingOf("paging"),
  ]);
  expect(first.hash).toMatch(/^[0-9a-f]{16}$/);
  expect(again.hash).toBe(first.hash);
  expect(other.hash).not.toBe(first.hash);
});

test("does not take an outage for an empty list", async () => {
  const backend = quirk("plain");
  const order = orderFor(http(backend.url));
  const lease = await leaseOf(order);
  await backend.control({ down: true });
  await expect(
    collectListing({ serverInfo: {}, capabilities: { tools: {} } }, (method, params) =>
      sendRequest(lease, { id: 1, method, params }, ioFor(order)),
    ),
  ).rejects.toMatchObject({ code: "backend_unavailable" });
});
