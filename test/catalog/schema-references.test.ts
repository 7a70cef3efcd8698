import { expect, test } from "vitest";
import { createReferences } from "../../src/catalog/schema-references.ts";

test("follows pointers, with what is escaped in them", () => {
  const { find } = createReferences({
    $defs: { "a/b~c d": { type: "string" }, list: { anyOf: [{}, { type: "null" }] } },
  });
  expect(find("#/$defs/a~1b~0c%20d")).toEqual({ type: "string" });
  expect(find("#/$defs/list/anyOf/1")).toEqual({ type: "null" });
  expect(find("#")).toHaveProperty("$defs");
  expect(find("#/$defs/__proto__")).toBeUndefined();
  expect(find("#/$defs/list/%")).toBeUndefined();
});

test("finds anchors of every draft", () => {
  const { find } = createReferences({
    $defs: {
      a: { $anchor: "new", type: "string" },
      b: { $dynamicAnchor: "dynamic", type: "number" },
      c: { $id: "#seven", type: "boolean" },
      d: { id: "#four", type: "null" },
    },
  });
  expect(find("#new")).toMatchObject({ type: "string" });
  expect(find("#dynamic")).toMatchObject({ type: "number" });
  expect(find("#seven")).toMatchObject({ type: "boolean" });
  expect(find("#four")).toMatchObject({ type: "null" });
});

test("reads addresses relative to where they stand", () => {
  const inner = { $ref: "#/$defs/x" };
  const { find } = createReferences({
    $id: "https://example.com/root.json",
    $defs: {
      x: { type: "string" },
      other: { $id: "sub/other.json", $defs: { x: { type: "number" } }, properties: { inner } },
    },
  });
  expect(find("sub/other.json#/$defs/x")).toEqual({ type: "number" });
  expect(find("https://example.com/sub/other.json")).toHaveProperty("properties");
  expect(find("#/$defs/x", inner)).toEqual({ type: "number" });
  expect(find("../root.json#/$defs/x", inner)).toEqual({ type: "string" });
  expect(find("#/$defs/x")).toEqual({ type: "string" });
});

test("takes a pointer from the top where an address moved its beginning by mistake", () => {
  const inner = { $ref: "#/definitions/x" };
  const { find } = createReferences({
    definitions: { x: { type: "string" } },
    properties: { p: { $id: "p", properties: { inner } } },
  });
  expect(find("#/definitions/x", inner)).toEqual({ type: "string" });
});

test("looks nowhere else", () => {
  const { find } = createReferences({ $id: "https://example.com/a" });
  expect(find("https://example.com/b")).toBeUndefined();
  expect(find("b.json#/x")).toBeUndefined();
  expect(find("https://[broken")).toBeUndefined();
});
