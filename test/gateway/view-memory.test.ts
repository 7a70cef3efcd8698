import { expect, test } from "vitest";
import { compileAccess } from "../../src/auth/access.ts";
import type { AccessRules } from "../../src/auth/caller.ts";
import type { Listing } from "../../src/catalog/listing.ts";
import { parseConfig } from "../../src/config/config-document.ts";
import { ALL, type Scope } from "../../src/gateway/gateway.ts";
import { createView, offersIn, viewKey, type View } from "../../src/gateway/view.ts";
import { ViewMemory } from "../../src/gateway/view-memory.ts";

const BACKENDS = 3;
const TOOLS = 2_500;

const { config } = parseConfig({
  mcpServers: Object.fromEntries(
    Array.from({ length: BACKENDS }, (_, at) => [`b${at}`, { url: `https://b${at}.example/mcp` }]),
  ),
});
const [first] = config.backends;

function listingOf(hash: string): Listing {
  return {
    hash,
    serverInfo: {},
    instructions: undefined,
    capabilities: {},
    tools: Array.from({ length: TOOLS }, (_, at) => ({ name: `t${at}`, inputSchema: {} })),
    prompts: [],
    resources: [],
    resourceTemplates: [],
    warnings: [],
  };
}

function viewOf(access: Partial<AccessRules>, scope: Scope = ALL, hash = "h"): View {
  const listings = new Map(config.backends.map(({ name }) => [name, listingOf(hash)]));
  const rules = { allow: [], deny: [], ...access };
  return createView(offersIn(config.backends, listings, scope), compileAccess(rules), scope);
}

test("shares a view among callers who see the same, whatever their rules say", async () => {
  const memory = new ViewMemory();
  const view = await memory.keep("one", viewOf({ allow: ["b0", "b1"] }));
  expect(await memory.keep("two", viewOf({ deny: ["b2"] }))).toBe(view);
  expect(memory.get(viewKey("two", ALL))).toBe(view);
  expect(memory.get(viewKey("three", ALL))).toBeUndefined();
});

test("keeps apart what differs in tools, rights to a whole backend, listing, endpoint or kind", async () => {
  const memory = new ViewMemory();
  const scope: Scope = { kind: "one", backend: first?.name ?? (() => expect.fail())() };
  const views = [
    await memory.keep("all", viewOf({})),
    await memory.keep("tool", viewOf({ deny: ["b0/t1"] })),
    await memory.keep("whole", viewOf({ allow: ["b0/t*", "b1", "b2"] })),
    await memory.keep("listing", viewOf({}, ALL, "other")),
    await memory.keep("endpoint", viewOf({}, scope)),
    await memory.keep("kind+read-only", viewOf({})),
  ];
  expect(new Set(views).size).toBe(views.length);
});

test("holds many callers and few views: what nobody asked for goes first", async () => {
  const memory = new ViewMemory();
  const wanted = await memory.keep("wanted", viewOf({}));
  for (let at = 0; at < 10; at += 1) {
    memory.get(viewKey("wanted", ALL));
    // oxlint-disable-next-line no-await-in-loop -- in this order
    await memory.keep(`other-${at}`, viewOf({ deny: [`b0/t${at}`] }));
  }
  expect(memory.get(viewKey("wanted", ALL))).toBe(wanted);
  expect(memory.get(viewKey("other-0", ALL))).toBeUndefined();
  expect(memory.get(viewKey("other-9", ALL))).toBeDefined();
});
