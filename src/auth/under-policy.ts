import type { PolicyConfig } from "../config/policy-config.ts";
import type { PolicyRules } from "../config/policy-rules.ts";
import type { Approvals } from "../config/llm-config.ts";
import type { KnownUser } from "../config/user-record.ts";
import type { Limits } from "../config/limits-config.ts";
import { compileGlob } from "../core/glob.ts";
import { policyIdOf } from "./access.ts";
import type { AccessRules, Caller, CallerLimits } from "./caller.ts";

/** What is known of a caller besides its credential. */
export type Circumstances = Readonly<{
  policy: PolicyConfig;
  /** Undefined: the owner, or a key that is nobody's. */
  user: KnownUser | undefined;
}>;

/**
 * The caller under every rule that concerns it: those of its client, of its user, of the user's
 * groups and of everyone. Each is a limit around the others, so what one of them forbids nobody
 * else allows; only groups are taken together, because people are put into them to be given things.
 */
export async function underPolicy(
  caller: Caller,
  { policy, user }: Circumstances,
): Promise<Caller> {
  const rules = [...clientRules(caller, policy), ...userRules(user, policy)];
  const limits = limitsOf(caller, rules, user !== undefined);
  if (rules.length === 0 && limits.length === 0) return caller;
  const access = rules.reduce<AccessRules>(within, caller.access);
  const readOnly = caller.readOnly === true || rules.some((one) => one.readOnly === true);
  const approvals = strictest([caller.approvals, ...rules.map((one) => one.approvals)]);
  const models = [...(caller.models ?? []), ...rules.flatMap((one) => lists(one.models))];
  const seen = { ...caller, ...(readOnly ? { readOnly } : {}) };
  return {
    ...seen,
    access,
    ...(approvals === undefined ? {} : { approvals }),
    ...(models.length === 0 ? {} : { models }),
    ...(limits.length === 0 ? {} : { limits }),
    policyId: await policyIdOf(access, seen),
  };
}

function clientRules({ client }: Caller, { clients }: PolicyConfig): readonly PolicyRules[] {
  if (client === undefined) return [];
  return clients.filter((rule) => {
    const matches = compileGlob(rule.client);
    return matches(client.id) || matches(client.name);
  });
}

function userRules(user: KnownUser | undefined, policy: PolicyConfig): readonly PolicyRules[] {
  if (user === undefined) return [];
  const groups = user.groups.flatMap((name) =>
    Object.hasOwn(policy.groups, name) ? (policy.groups[name] ?? []) : [],
  );
  return [
    user.rules,
    ...(groups.length === 0 ? [] : [together(groups)]),
    ...(policy.everyone === undefined ? [] : [policy.everyone]),
  ];
}

/** What any of the groups allows, without what any of them denies; the strictest of everything else. */
function together(groups: readonly PolicyRules[]): PolicyRules {
  const approvals = strictest(groups.map((group) => group.approvals));
  const models = groups.flatMap((group) => group.models ?? []);
  // Who is in a group without a list of models may use them all.
  const limitsModels = groups.every((group) => group.models !== undefined);
  return {
    allow: [...new Set(groups.flatMap(({ allow }) => allow))],
    deny: [...new Set(groups.flatMap(({ deny }) => deny))],
    ...(groups.some(({ readOnly }) => readOnly === true) ? { readOnly: true } : {}),
    ...(approvals === undefined ? {} : { approvals }),
    ...(limitsModels ? { models } : {}),
    limits: lowest(groups.flatMap(({ limits }) => limits ?? [])),
  };
}

function within(inner: AccessRules, { allow, deny }: PolicyRules): AccessRules {
  if (allow.length === 0 && deny.length === 0) return inner;
  return addOutermost(inner, { allow, deny });
}

function addOutermost(rules: AccessRules, outermost: AccessRules): AccessRules {
  const around = rules.within === undefined ? outermost : addOutermost(rules.within, outermost);
  return { allow: rules.allow, deny: rules.deny, within: around };
}

const STRICTNESS: readonly Approvals[] = ["never", "ask", "always"];

function strictest(all: readonly (Approvals | undefined)[]): Approvals | undefined {
  const said = all.filter((one) => one !== undefined);
  return said.toSorted((a, b) => STRICTNESS.indexOf(b) - STRICTNESS.indexOf(a))[0];
}

/** A person's own limits and their groups' count all that they do, whichever key or client does it. */
function limitsOf(
  caller: Caller,
  rules: readonly PolicyRules[],
  isPerson: boolean,
): readonly CallerLimits[] {
  const limits = lowest(rules.flatMap((rule) => rule.limits ?? []));
  const subject =
    isPerson || caller.client === undefined ? `user/${caller.userId}` : subjectOf(caller);
  return [
    ...(caller.limits ?? []),
    ...(Object.keys(limits).length === 0 ? [] : [{ subject, limits }]),
  ];
}

function subjectOf({ userId, credentialId }: Caller): string {
  return `client/${userId}/${credentialId}`;
}

function lowest(all: readonly Limits[]): Limits {
  const found: { -readonly [Key in keyof Limits]: Limits[Key] } = {};
  for (const limits of all) {
    for (const key of ["concurrent", "perMinute", "perDay"] as const) {
      const value = limits[key];
      if (value !== undefined) found[key] = Math.min(value, found[key] ?? Infinity);
    }
  }
  return found;
}

function lists(models: readonly string[] | undefined): readonly (readonly string[])[] {
  return models === undefined ? [] : [models];
}
