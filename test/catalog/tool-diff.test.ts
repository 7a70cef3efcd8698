import { expect, test } from "vitest";
import type { ListedTool } from "../../src/catalog/listing.ts";
import { diffTexts } from "../../src/catalog/text-diff.ts";
import { diffTools } from "../../src/catalog/tool-diff.ts";

const PAY: ListedTool = {
  name: "pay",
  description: "Pays an invoice",
  inputSchema: {
    type: "object",
    properties: { id: { type: "string", description: "Its number" } },
  },
  annotations: { readOnlyHint: false },
};

test("says where a definition changed, and word by word what", () => {
  const now = {
    name: "pay",
    description: "Pays any invoice",
    inputSchema: {
      type: "object",
      properties: { id: { type: "number", description: "Its number" }, to: { type: "string" } },
    },
  };
  expect(diffTools(PAY, now)).toEqual({
    more: 0,
    changes: [
      {
        path: "description",
        kind: "changed",
        parts: [
          { kind: "same", text: "Pays " },
          { kind: "gone", text: "an" },
          { kind: "new", text: "any" },
          { kind: "same", text: " invoice" },
        ],
      },
      {
        path: "inputSchema.properties.id.type",
        kind: "changed",
        parts: [
          { kind: "gone", text: "string" },
          { kind: "new", text: "number" },
        ],
      },
      {
        path: "inputSchema.properties.to",
        kind: "added",
        parts: [{ kind: "new", text: '{\n  "type": "string"\n}' }],
      },
      {
        path: "annotations",
        kind: "removed",
        parts: [{ kind: "gone", text: '{\n  "readOnlyHint": false\n}' }],
      },
    ],
  });
});

test("makes what is not seen visible, in names as well", () => {
  const now = {
    ...PAY,
    description: "Pays\u200b an\u{e0069} invoice",
    "x\u202e": 1,
  };
  expect(diffTools(PAY, now).changes).toEqual([
    {
      path: "description",
      kind: "changed",
      parts: [
        { kind: "gone", text: "Pays" },
        { kind: "new", text: "Pays⟦U+200B⟧" },
        { kind: "same", text: " " },
        { kind: "gone", text: "an" },
        { kind: "new", text: "an⟦U+E0069⟧" },
        { kind: "same", text: " invoice" },
      ],
    },
    { path: "x⟦U+202E⟧", kind: "added", parts: [{ kind: "new", text: "1" }] },
  ]);
});

test("shows all of a tool that never was approved", () => {
  const { changes } = diffTools(undefined, PAY);
  expect(changes.map(({ path, kind }) => `${kind} ${path}`)).toEqual([
    "added name",
    "added description",
    "added inputSchema",
    "added annotations",
  ]);
});

test("shows nothing where the hash sees nothing", () => {
  const { name, ...rest } = PAY;
  expect(diffTools(PAY, { ...rest, name })).toEqual({ changes: [], more: 0 });
  const accent = (text: string): ListedTool => ({ ...PAY, description: text });
  expect(diffTools(accent("caf\u00e9"), accent("cafe\u0301")).changes).toEqual([]);
});

test("is bounded, and hides nothing at an end", () => {
  const description = `${"word ".repeat(200_000)}evil`;
  const properties = Object.fromEntries(Array.from({ length: 500 }, (_, at) => [`p${at}`, {}]));
  const now = { ...PAY, description, inputSchema: { type: "object", properties } };
  const { changes, more } = diffTools(PAY, now);
  expect(changes).toHaveLength(200);
  expect(more).toBe(302);
  expect(JSON.stringify(changes).length).toBeLessThan(100_000);
  expect(changes[0]?.parts.at(-1)?.text.endsWith("evil")).toBe(true);
});

test("gives back the text after, whatever changed", () => {
  const pairs = [
    ["", "a b"],
    ["a b", ""],
    ["a b c d", "x b y d z"],
    ["same", "same"],
    ["a ".repeat(2_000), `${"b ".repeat(2_000)}a`],
  ];
  for (const [before = "", after = ""] of pairs) {
    const parts = diffTexts(before, after);
    const side = (kind: "gone" | "new"): string =>
      parts
        .filter((part) => part.kind !== (kind === "gone" ? "new" : "gone"))
        .map(({ text }) => text)
        .join("");
    expect([side("gone"), side("new")]).toEqual([before, after]);
  }
});

test("shows a megabyte of nested arrays in what a page can hold", () => {
  const nested = JSON.parse("[".repeat(120) + "]".repeat(120));
  const schema = { type: "object", default: Array(4_000).fill(nested) };
  const { changes } = diffTools(PAY, { ...PAY, inputSchema: schema });
  expect(JSON.stringify(changes).length).toBeLessThan(50_000);
});
