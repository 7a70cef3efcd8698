import { expect, test } from "vitest";
import { toExposedName } from "../../src/catalog/exposed-name.ts";
import type { BackendName } from "../../src/core/ids.ts";

const erp = "erp" as BackendName;

test("joins backend and own name", () => {
  expect(toExposedName(erp, "get_document")).toBe("erp_get_document");
  expect(toExposedName("home-assistant" as BackendName, "turn-on")).toBe("home-assistant_turn-on");
});

test("keeps names that had to be altered apart", () => {
  const names = ["a.b", "a b", "a/b", "a_b", "ä"].map((name) => toExposedName(erp, name));
  expect(new Set(names).size).toBe(5);
  expect(names[3]).toBe("erp_a_b");
  for (const name of names) expect(name).toMatch(/^[a-zA-Z_][a-zA-Z0-9_-]{0,63}$/);
});

test("cuts long names to 64 characters with a hash of the whole", () => {
  const one = toExposedName(erp, `${"x".repeat(200)}1`);
  const two = toExposedName(erp, `${"x".repeat(200)}2`);
  expect(one).toHaveLength(64);
  expect(one).not.toBe(two);
});

test("never makes the same name for two backends", () => {
  expect(toExposedName("a" as BackendName, "b_c")).not.toBe(
    toExposedName("a-b" as BackendName, "c"),
  );
});
