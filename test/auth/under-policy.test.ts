import { expect, test } from "vitest";
import { compileAccess } from "../../src/auth/access.ts";
import { underPolicy } from "../../src/auth/under-policy.ts";
import { parsePolicy } from "../../src/config/parse-policy.ts";
import { policyRules } from "../../src/config/policy-rules.ts";
import type { KnownUser } from "../../src/config/user-record.ts";
import type { BackendName } from "../../src/core/ids.ts";
import { testCaller } from "../support/test-caller.ts";

const POLICY = parsePolicy({
  everyone: { deny: ["nas"], limits: { perMinute: 60 } },
  groups: {
    family: { allow: ["home"], readOnly: true },
    work: { allow: ["erp"], deny: ["erp/delete_*"], limits: { perMinute: 10, concurrent: 2 } },
  },
  clients: [{ client: "https://claude.ai/*", allow: ["erp", "home"], approvals: "ask" }],
});

function user(change: Partial<KnownUser> = {}): KnownUser {
  const rules = policyRules.parse({});
  return { name: "Ann", email: undefined, groups: [], admin: false, rules, ...change };
}

async function sees(groups: readonly string[], backends: readonly string[]) {
  const caller = await underPolicy(testCaller(), { policy: POLICY, user: user({ groups }) });
  const permits = compileAccess(caller.access);
  return backends.filter((name) => permits(name as BackendName));
}

test("gives a person what any of their groups gives, within what everyone may", async () => {
  const all = ["erp", "home", "nas", "wave"];
  expect(await sees([], all)).toEqual(["erp", "home", "wave"]);
  expect(await sees(["family"], all)).toEqual(["home"]);
  expect(await sees(["family", "work", "gone"], all)).toEqual(["erp", "home"]);
});

test("takes the strictest of reading, approvals and limits", async () => {
  const person = user({ groups: ["family", "work"] });
  const caller = await underPolicy(testCaller({ approvals: "always" }), {
    policy: POLICY,
    user: person,
  });
  expect(caller).toMatchObject({
    readOnly: true,
    approvals: "always",
    limits: [{ subject: "user/user-1", limits: { perMinute: 10, concurrent: 2 } }],
  });
  expect(caller.policyId).toMatch(/\+read-only$/);
});

test("holds a client to its rules, whoever signed in with it", async () => {
  const client = { id: "https://claude.ai/oauth/client.json", name: "Claude" };
  const caller = await underPolicy(testCaller({ client }), { policy: POLICY, user: undefined });
  const permits = compileAccess(caller.access);
  expect(permits("wave" as BackendName)).toBe(false);
  expect(permits("erp" as BackendName)).toBe(true);
  expect(caller.approvals).toBe("ask");
});

test("leaves a caller whom nothing concerns as it is", async () => {
  const caller = testCaller();
  expect(await underPolicy(caller, { policy: parsePolicy({}), user: undefined })).toBe(caller);
});

test("says what is wrong with a policy", () => {
  for (const [policy, said] of [
    [{ everyone: { alow: [] } }, "policy.everyone.alow"],
    [{ groups: { "": {} } }, "policy.groups"],
    [{ everyone: { limits: { perMinute: 0 } } }, "policy.everyone.limits.perMinute"],
    [{ clients: [{ allow: [] }] }, "policy.clients[0].client"],
  ] as const) {
    expect(() => parsePolicy(policy)).toThrow(said);
  }
});
