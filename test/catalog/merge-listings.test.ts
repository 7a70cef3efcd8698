import { expect, test } from "vitest";
import { findResourceOwner } from "../../src/catalog/find-resource-owner.ts";
import type { Listing } from "../../src/catalog/listing.ts";
import { mergeListings, type Contribution } from "../../src/catalog/merge-listings.ts";
import type { BackendName } from "../../src/core/ids.ts";

function contribution(backend: string, listing: Partial<Listing>): Contribution {
  return {
    backend: backend as BackendName,
    listing: {
      hash: backend,
      serverInfo: {},
      instructions: undefined,
      capabilities: {},
      tools: [],
      prompts: [],
      resources: [],
      resourceTemplates: [],
      warnings: [],
      ...listing,
    },
    permits: () => true,
  };
}

function tool(name: string) {
  return { name, inputSchema: { type: "object" } };
}

test("sorts by exposed name whatever the order of arrival", () => {
  const a = contribution("a", { tools: [tool("z"), tool("b")] });
  const b = contribution("b", { tools: [tool("c")] });
  const names = ["a_b", "a_z", "b_c"];
  expect([...mergeListings([a, b]).tools.keys()]).toEqual(names);
  expect([...mergeListings([b, a]).tools.keys()]).toEqual(names);
});

test("lists a name once that two tools of one backend would have, whichever came first", () => {
  const altered = tool("b.c");
  const [exposed = ""] = mergeListings([contribution("a", { tools: [altered] })]).tools.keys();
  const imitation = tool(exposed.slice("a_".length));
  for (const tools of [
    [altered, imitation],
    [imitation, altered],
  ]) {
    const merged = mergeListings([contribution("a", { tools })]);
    expect([...merged.tools].map(([name, { ownName }]) => [name, ownName])).toEqual([
      [exposed, "b.c"],
    ]);
    expect(merged.warnings).toEqual([
      `"${imitation.name}" of "a" is reached at /mcp/a only: "b.c" has the same exposed name`,
    ]);
  }
});

test("treats prototype names as plain names", () => {
  const { tools } = mergeListings([
    contribution("a", { tools: [tool("__proto__"), tool("constructor")] }),
  ]);
  expect([...tools.keys()]).toEqual(["a___proto__", "a_constructor"]);
});

test("leaves out what is not permitted, and everything else of a backend known by single tools", () => {
  const listed = contribution("a", { tools: [tool("x"), tool("y")], prompts: [{ name: "p" }] });
  const { tools, prompts } = mergeListings([{ ...listed, permits: (name) => name === "x" }]);
  expect([...tools.keys()]).toEqual(["a_x"]);
  expect(prompts.size).toBe(0);
});

test("gives a URI to the first of two backends and says where the second is", () => {
  const { resources, warnings } = mergeListings([
    contribution("b", { resources: [{ uri: "memo://1" }] }),
    contribution("a", { resources: [{ uri: "memo://1" }] }),
  ]);
  expect(resources.get("memo://1")?.backend).toBe("a");
  expect(warnings).toEqual([
    'resource memo://1 of "b" is reached at /mcp/b only: "a" offers the same URI',
  ]);
});

test("finds the owner of a URI by listing, template and scheme", () => {
  const catalog = mergeListings([
    contribution("a", {
      resources: [{ uri: "memo://1" }],
      resourceTemplates: [{ uriTemplate: "memo://{id}/raw" }, { uriTemplate: "file:///{+path}" }],
    }),
    contribution("b", {
      resourceTemplates: [{ uriTemplate: "file:///b/{path}.md" }, { uriTemplate: "only://{x}" }],
    }),
  ]);
  expect(findResourceOwner(catalog, "memo://1")).toBe("a");
  expect(findResourceOwner(catalog, "memo://7/raw")).toBe("a");
  expect(findResourceOwner(catalog, "file:///b/readme.md")).toBe("b");
  expect(findResourceOwner(catalog, "file:///c")).toBe("a");
  expect(findResourceOwner(catalog, "only:nothing-listed")).toBe("b");
  expect(findResourceOwner(catalog, "http://169.254.169.254/")).toBeUndefined();
});

test("answers a hostile template at once", () => {
  const catalog = mergeListings([
    contribution("a", { resourceTemplates: [{ uriTemplate: `x://${"{a}{b}{c}".repeat(500)}!` }] }),
  ]);
  const started = Date.now();
  expect(findResourceOwner(catalog, `x://${"a".repeat(100_000)}`)).toBe("a");
  expect(Date.now() - started).toBeLessThan(100);
});
