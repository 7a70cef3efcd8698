import { sha256Hex } from "../core/digest.ts";
import { compileGlob } from "../core/glob.ts";
import type { AccessRules, Caller, Permits } from "./caller.ts";

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
export function compileAccess({ allow, deny, within }: AccessRules): Permits {
  const own = compileOwn(allow, deny);
  if (within === undefined) return own;
  const around = compileAccess(within);
  return (backend, tool) => around(backend, tool) && own(backend, tool);
}

function compileOwn(allow: readonly string[], deny: readonly string[]): Permits {
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

/** Whether a caller may use a model, by the id it is listed under. */
export function permitsModel({ models }: Pick<Caller, "models">, id: string): boolean {
  return (
    models === undefined || models.every((globs) => globs.some((glob) => compileGlob(glob)(id)))
  );
}

/** Equal for equal rules, whatever their order; catalogs are kept per policy id. */
export async function policyIdOf(
  rules: AccessRules,
  seen: Readonly<{ [Key in "resourceTools" | "readOnly" | "mode"]?: Caller[Key] | undefined }> = {},
): Promise<string> {
  const parts = [await rulesIdOf(rules)];
  if (seen.resourceTools === true) parts.push("resource-tools");
  if (seen.readOnly === true) parts.push("read-only");
  if (seen.mode !== undefined) parts.push(seen.mode);
  return parts.join("+");
}

async function rulesIdOf(rules: AccessRules): Promise<string> {
  const layers = layersOf(rules);
  if (layers.length === 0) return FULL_POLICY_ID;
  return (await sha256Hex(JSON.stringify(layers))).slice(0, 16);
}

/** Each set of rules that forbids anything, the outermost last. */
function layersOf({ allow, deny, within }: AccessRules): readonly (readonly string[][])[] {
  const around = within === undefined ? [] : layersOf(within);
  if (allow.length === 0 && deny.length === 0) return around;
  return [[[...new Set(allow)].toSorted(), [...new Set(deny)].toSorted()], ...around];
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
