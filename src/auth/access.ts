import { sha256Hex } from "../core/digest.ts";
import { compileGlob } from "../core/glob.ts";
import type { AccessRules, Permits } from "./caller.ts";

/** The policy of `FULL_ACCESS`. */
export const FULL_POLICY_ID = "full";

const EVERYTHING: Permits = () => true;

type Rule = Readonly<{
  backend: (name: string) => boolean;
  tool: ((name: string) => boolean) | undefined;
}>;

/**
 * The rules as one question. `deny` wins; an empty `allow` is everything; an allowed
 * `backend/tool` makes the backend itself known, with just that tool.
 */
export function compileAccess({ allow, deny }: AccessRules): Permits {
  if (allow.length === 0 && deny.length === 0) return EVERYTHING;
  const allowed = allow.map(parseRule);
  const denied = deny.map(parseRule);
  return (backend, tool) => {
    if (denied.some((rule) => covers(rule, backend, tool))) return false;
    if (allowed.length === 0) return true;
    return allowed.some((rule) =>
      tool === undefined ? rule.backend(backend) : covers(rule, backend, tool),
    );
  };
}

/** Equal for equal rules, whatever their order; catalogs are kept per policy id. */
export async function policyIdOf(
  rules: AccessRules,
  { resourceTools = false }: Readonly<{ resourceTools?: boolean | undefined }> = {},
): Promise<string> {
  const rulesId = await rulesIdOf(rules);
  return resourceTools ? `${rulesId}+resource-tools` : rulesId;
}

async function rulesIdOf({ allow, deny }: AccessRules): Promise<string> {
  if (allow.length === 0 && deny.length === 0) return FULL_POLICY_ID;
  const text = JSON.stringify([[...new Set(allow)].toSorted(), [...new Set(deny)].toSorted()]);
  return (await sha256Hex(text)).slice(0, 16);
}

/** Whether the rule settles the question for the tool, or for the backend as a whole. */
function covers(rule: Rule, backend: string, tool: string | undefined): boolean {
  if (!rule.backend(backend)) return false;
  if (rule.tool === undefined) return true;
  return tool !== undefined && rule.tool(tool);
}

function parseRule(pattern: string): Rule {
  const slash = pattern.indexOf("/");
  if (slash === -1) return { backend: compileGlob(pattern), tool: undefined };
  return {
    backend: compileGlob(pattern.slice(0, slash)),
    tool: compileGlob(pattern.slice(slash + 1)),
  };
}
