import { expect, test } from "vitest";
import {
  componentOf,
  componentReference,
  escapedReference,
} from "../../src/catalog/component-reference.ts";

test("names the same component whether it is escaped or not", () => {
  expect(componentReference("tree_my_Node")).toBe("#/components/schemas/tree_my_Node");
  expect(escapedReference("tree_my_Node")).toBe("#/components/schemas/tree%5Fmy_Node");
  expect(componentOf(escapedReference("tree_my_Node"))).toBe("tree_my_Node");
  expect(componentOf(componentReference("tree_my_Node"))).toBe("tree_my_Node");
});

test("takes no reference to elsewhere for a component", () => {
  expect(componentOf("#/$defs/Node")).toBeUndefined();
  expect(componentOf("other.json#/components/schemas/Node")).toBeUndefined();
});
