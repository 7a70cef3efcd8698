import { policyRules, type PolicyRules } from "../config/policy-rules.ts";
import { GatewayError } from "../core/errors.ts";
import { readApprovals, readLimits } from "./read-key-form.ts";
import { isEmptyScope, linesOf, readScope, writeScope } from "./read-scope.ts";
import type { ScopeChoice } from "./scope-choices.ts";

/** What somebody may do, as `RulesFields` asks it. Throws `invalid_params`. */
export function readRulesForm(form: URLSearchParams): PolicyRules {
  if (isEmptyScope(form)) throw invalid("tick what they may use, or choose everything");
  const approvals = readApprovals(form);
  const limits = readLimits(form);
  const models = linesOf(form.get("models"));
  const parsed = policyRules.safeParse({
    ...readScope(form),
    ...(form.get("readOnly") === "yes" ? { readOnly: true } : {}),
    ...(approvals === undefined ? {} : { approvals }),
    ...(models.length === 0 ? {} : { models }),
    ...(limits === undefined ? {} : { limits }),
  });
  if (parsed.success) return parsed.data;
  throw invalid("at most 200 patterns, each of at most 200 characters");
}

/** The same the other way: rules as the fields of a form that shows them. */
export function writeRules(rules: PolicyRules, choices: readonly ScopeChoice[]): URLSearchParams {
  const form = writeScope(rules, choices);
  if (rules.readOnly === true) form.set("readOnly", "yes");
  if (rules.approvals !== undefined) form.set("approvals", rules.approvals);
  if (rules.models !== undefined) form.set("models", rules.models.join(", "));
  for (const [name, value] of Object.entries(rules.limits ?? {})) form.set(name, String(value));
  return form;
}

function invalid(reason: string): GatewayError {
  return new GatewayError("invalid_params", `Cannot keep these rules: ${reason}`);
}
