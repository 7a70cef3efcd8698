import type { OpenWebuiConfig, PersonRule } from "../config/open-webui-config.ts";
import { sha256Hex } from "../core/digest.ts";
import { policyIdOf } from "./access.ts";
import type { AccessRules, Caller } from "./caller.ts";
import type { Person } from "./person.ts";
import { toUserId } from "./user-id.ts";

/** Of 64 hex digits: two people never meet, and the whole is a user id of at most 40. */
const ID_DIGITS = 32;

/**
 * The person as a caller of their own: what is kept per user is theirs alone, and they reach what
 * both the credential and the rules about them permit.
 */
export async function asPersonCaller(
  caller: Caller,
  person: Person,
  { rules }: Pick<OpenWebuiConfig, "rules">,
): Promise<Caller> {
  const access = { ...rulesFor(person, rules), within: caller.access };
  // Of the credential too: whoever holds another key must not become the same person by saying so.
  const digest = await sha256Hex(JSON.stringify([caller.credentialId, person.id]));
  return {
    ...caller,
    userId: toUserId(`ow-${digest.slice(0, ID_DIGITS)}`),
    access,
    policyId: await policyIdOf(access, caller),
    person,
  };
}

/** All that hold for the person, taken together; no rule takes nothing away. */
function rulesFor(person: Person, rules: readonly PersonRule[]): AccessRules {
  const held = rules.filter((rule) => concerns(rule, person));
  return {
    allow: [...new Set(held.flatMap(({ allow }) => allow))],
    deny: [...new Set(held.flatMap(({ deny }) => deny))],
  };
}

function concerns({ users, groups, roles }: PersonRule, person: Person): boolean {
  if (users.length === 0 && groups.length === 0 && roles.length === 0) return true;
  const email = person.email?.toLowerCase();
  return (
    users.some((user) => user === person.id || user.toLowerCase() === email) ||
    groups.some((group) => person.groups.includes(group)) ||
    (person.role !== undefined && roles.includes(person.role))
  );
}
