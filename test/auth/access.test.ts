import { expect, test } from "vitest";
import { compileAccess, permitsModel, policyIdOf } from "../../src/auth/access.ts";
import type { AccessRules } from "../../src/auth/caller.ts";
import { parseBackendName } from "../../src/config/backend-name.ts";

const erp = parseBackendName("erp");
const home = parseBackendName("home");

function permits(rules: Partial<AccessRules>, backend: typeof erp, tool?: string): boolean {
  return compileAccess({ allow: [], deny: [], ...rules })(backend, tool);
}

test("permits everything without rules", () => {
  expect(permits({}, erp)).toBe(true);
  expect(permits({}, erp, "anything")).toBe(true);
});

test("permits only what is allowed once something is", () => {
  expect(permits({ allow: ["erp"] }, erp, "read")).toBe(true);
  expect(permits({ allow: ["erp"] }, home)).toBe(false);
});

test("makes a backend known through one of its tools, with just that tool", () => {
  const rules = { allow: ["erp/read_*"] };
  expect(permits(rules, erp)).toBe(true);
  expect(permits(rules, erp, "read_items")).toBe(true);
  expect(permits(rules, erp, "delete_items")).toBe(false);
});

test("lets deny win over allow", () => {
  const rules = { allow: ["*"], deny: ["home", "erp/delete_*"] };
  expect(permits(rules, home)).toBe(false);
  expect(permits(rules, home, "light")).toBe(false);
  expect(permits(rules, erp)).toBe(true);
  expect(permits(rules, erp, "delete_item")).toBe(false);
  expect(permits(rules, erp, "read_item")).toBe(true);
});

test("reads every other character of a pattern literally", () => {
  expect(permits({ allow: ["erp/a.c"] }, erp, "abc")).toBe(false);
  expect(permits({ allow: ["erp/a*b*c"] }, erp, "a-b-b-c")).toBe(true);
  expect(permits({ allow: ["erp/a*b*c"] }, erp, "a-c")).toBe(false);
  expect(permits({ allow: ["erp/ab*ba"] }, erp, "aba")).toBe(false);
});

test("gives equal rules one policy id, in any order", async () => {
  const one = await policyIdOf({ allow: ["a", "b"], deny: [] });
  expect(await policyIdOf({ allow: ["b", "a", "a"], deny: [] })).toBe(one);
  expect(await policyIdOf({ allow: ["a"], deny: ["b"] })).not.toBe(one);
  const rules = { allow: ["a", "b"], deny: [] };
  expect(await policyIdOf(rules, { resourceTools: true })).not.toBe(one);
  expect(await policyIdOf(rules, { resourceTools: false })).toBe(one);
});

test("permits what both rules and those around them permit", () => {
  const within = { allow: ["erp", "home"], deny: ["erp/delete_*"] };
  const rules = { allow: ["erp", "nas"], deny: ["erp/write_*"], within };
  expect(permits(rules, erp, "read_item")).toBe(true);
  expect(permits(rules, erp, "write_item")).toBe(false);
  expect(permits(rules, erp, "delete_item")).toBe(false);
  expect(permits(rules, home)).toBe(false);
  expect(permits(rules, parseBackendName("nas"))).toBe(false);
  expect(permits({ within }, home, "light")).toBe(true);
});

test("gives rules one policy id with whatever forbids nothing around or inside them", async () => {
  const rules = { allow: ["erp"], deny: [] };
  const one = await policyIdOf(rules);
  const nothing = { allow: [], deny: [] };
  expect(await policyIdOf({ ...nothing, within: rules })).toBe(one);
  expect(await policyIdOf({ ...rules, within: nothing })).toBe(one);
  expect(await policyIdOf({ ...nothing, within: nothing })).toBe("full");
  expect(await policyIdOf({ ...rules, within: { allow: ["*"], deny: [] } })).not.toBe(one);
});

test("permits models by glob, and every model where nothing is said", () => {
  expect(permitsModel({}, "any/model")).toBe(true);
  expect(permitsModel({ models: [["local/*", "fast"]] }, "local/qwen3:8b")).toBe(true);
  expect(permitsModel({ models: [["local/*", "fast"]] }, "raw/local/qwen3:8b")).toBe(false);
  expect(permitsModel({ models: [[]] }, "fast")).toBe(false);
  expect(permitsModel({ models: [["local/*"], ["*/qwen*"]] }, "local/phi")).toBe(false);
});
