import { expect, test } from "vitest";
import { compileAccess } from "../../src/auth/access.ts";
import type { AccessRules } from "../../src/auth/caller.ts";
import type { Listing } from "../../src/catalog/listing.ts";
import type { BackendReport } from "../../src/config/backend-report.ts";
import { parseConfig } from "../../src/config/config-document.ts";
import type { SnapshotData } from "../../src/config/registry.ts";
import { ALL } from "../../src/gateway/gateway.ts";
import { announcersOf, fingerprintOf, resourceOwnerOf } from "../../src/gateway/live-view.ts";
import { createView, offersIn } from "../../src/gateway/view.ts";
import type { HeldView } from "../../src/gateway/views.ts";

const SUBSCRIBABLE = {
  tools: { listChanged: true },
  resources: { subscribe: true },
} as const;

function listing(change: Partial<Listing> = {}): Listing {
  return {
    hash: "h",
    serverInfo: {},
    instructions: undefined,
    capabilities: {},
    tools: [{ name: "echo", inputSchema: {} }],
    prompts: [],
    resources: [],
    resourceTemplates: [],
    warnings: [],
    ...change,
  };
}

function report(state: BackendReport["state"]): BackendReport {
  return {
    state,
    configVersion: 1,
    sessionful: true,
    counts: { tools: 1, prompts: 0, resources: 0, resourceTemplates: 0 },
    warnings: [],
  };
}

/** What a caller with `access` sees of the backends "one" and "two". */
function held(
  { one = listing(), two = listing() }: { one?: Listing; two?: Listing },
  states: Partial<Record<string, BackendReport["state"]>> = {},
  access: AccessRules = { allow: [], deny: [] },
): HeldView {
  const url = (name: string) => ({ url: `https://${name}.example.com/mcp` });
  const { config } = parseConfig({ mcpServers: { one: url("one"), two: url("two") } });
  const reports = { one: report(states["one"] ?? "ready"), two: report(states["two"] ?? "ready") };
  const snapshot: SnapshotData = {
    change: 7,
    configVersion: 1,
    configAt: 0,
    config,
    privateOrigins: [],
    reports,
    recentKeys: {},
    users: {},
  };
  const [first, second] = config.backends.map(({ name }) => name);
  const listings = new Map(
    [first, second].flatMap((name, index) =>
      name === undefined ? [] : [[name, index === 0 ? one : two] as const],
    ),
  );
  const view = createView(offersIn(config.backends, listings, ALL), compileAccess(access), ALL);
  return { view, snapshot, complete: true };
}

test("tells apart which list has changed", async () => {
  const before = await fingerprintOf(held({}));
  const prompts = [{ name: "greet" }];
  const after = await fingerprintOf(held({ one: listing({ prompts }) }));
  expect(after).toEqual({ ...before, prompts: expect.not.stringMatching(before.prompts) });
  expect(before.change).toBe(7);
});

test("changes for the kinds of a backend that goes down, and back when it returns", async () => {
  const up = await fingerprintOf(held({}));
  const down = await fingerprintOf(held({}, { two: "down" }));
  expect(down.tools).not.toBe(up.tools);
  expect([down.prompts, down.resources]).toEqual([up.prompts, up.resources]);
  expect(await fingerprintOf(held({}, { two: "connecting" }))).toEqual(up);
});

test("says nothing of a backend the caller may not see", async () => {
  const access = { allow: ["one"], deny: [] };
  const before = await fingerprintOf(held({}, {}, access));
  const tools = [{ name: "other", inputSchema: {} }];
  expect(await fingerprintOf(held({ two: listing({ tools }) }, { two: "down" }, access))).toEqual(
    before,
  );
});

test("is of no snapshot while a listing is missing", async () => {
  expect((await fingerprintOf({ ...held({}), complete: false })).change).toBe(-1);
});

test("names the backends that tell of changed lists, to who sees them", () => {
  const two = listing({ capabilities: SUBSCRIBABLE });
  const names = (view: HeldView) => announcersOf(view).map(({ order }) => order.config.name);
  expect(names(held({ two }))).toEqual(["two"]);
  expect(names(held({ two }, {}, { allow: ["one"], deny: [] }))).toEqual([]);
});

test("finds whose resource it is, under the name its backend knows", () => {
  const resources = [{ uri: "ui://page" }, { uri: "file:///a" }];
  const two = listing({ capabilities: SUBSCRIBABLE, resources });
  const view = held({ one: listing({ resources: [{ uri: "mem://b" }] }), two });
  expect(resourceOwnerOf(view, ALL, "ui://two/page")).toMatchObject({
    uri: "ui://page",
    sessionful: true,
    order: { configVersion: 1, config: { name: "two" } },
  });
  expect(resourceOwnerOf(view, ALL, "mem://b")).toBe(undefined);
});

test("knows no owner of what the caller may not see", () => {
  const two = listing({ capabilities: SUBSCRIBABLE, resources: [{ uri: "file:///a" }] });
  const view = held({ two }, {}, { allow: ["one", "two/echo"], deny: [] });
  expect(() => resourceOwnerOf(view, ALL, "file:///a")).toThrow('Unknown resource: "file:///a"');
});
