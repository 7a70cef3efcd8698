import { compileGlob } from "../core/glob.ts";
import type { PolicyConfig } from "./policy-config.ts";
import type { PolicyRules } from "./policy-rules.ts";
import type { SignInConfig } from "./sign-in-config.ts";
import type { KnownUser } from "./user-record.ts";

/** People may be in fifty groups each; the first of them tell enough. */
const MAX_GROUPS_NAMED = 20;

/** What of a policy does nothing as it stands: mostly a name that is spelt otherwise. */
export function policyWarnings(
  { policy, signIn }: Readonly<{ policy: PolicyConfig; signIn: SignInConfig }>,
  backends: readonly string[],
): readonly string[] {
  const { everyone, groups, clients } = policy;
  const idle = (path: string, { allow, deny }: PolicyRules): readonly string[] => [
    ...idlePatterns(`${path}.allow`, allow, backends),
    ...idlePatterns(`${path}.deny`, deny, backends),
  ];
  return [
    ...(everyone === undefined ? [] : idle("policy.everyone", everyone)),
    ...Object.entries(groups).flatMap(([name, rules]) => idle(`policy.groups.${name}`, rules)),
    ...clients.flatMap((rules, index) => idle(`policy.clients[${index}]`, rules)),
    ...signIn.providers.flatMap(({ name, groups: given }) =>
      unknownGroups(policy, given).map(
        (group) => `signIn.providers.${name}.groups: "${group}" is not in policy.groups`,
      ),
    ),
  ];
}

/** Where groups have rules at all, who is in another one may have been meant to have some. */
export function groupWarnings(
  policy: PolicyConfig,
  users: readonly Pick<KnownUser, "groups">[],
): readonly string[] {
  const named = new Set(users.flatMap(({ groups }) => groups));
  return unknownGroups(policy, [...named].toSorted())
    .slice(0, MAX_GROUPS_NAMED)
    .map((group) => {
      const count = users.filter(({ groups }) => groups.includes(group)).length;
      const who = count === 1 ? "1 person is" : `${count} people are`;
      return `policy.groups: nothing about "${group}", which ${who} in`;
    });
}

function idlePatterns(
  path: string,
  patterns: readonly string[],
  backends: readonly string[],
): readonly string[] {
  return patterns
    .filter((pattern) => !backends.some(compileGlob(pattern.split("/", 1)[0] ?? "")))
    .map((pattern) => `${path}: "${pattern}" is of no backend of this config`);
}

function unknownGroups({ groups }: PolicyConfig, named: readonly string[]): readonly string[] {
  if (Object.keys(groups).length === 0) return [];
  return named.filter((name) => !Object.hasOwn(groups, name));
}
