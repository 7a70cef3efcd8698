import * as z from "zod";
import { APPROVALS } from "./llm-config.ts";
import { limitsSchema, parseLimits } from "./limits-config.ts";
import type { StrictPart } from "./strict-part.ts";

/** As those of a key. */
const PATTERNS = { maxCount: 200, maxLength: 200 } as const;

const patterns = z.array(z.string().min(1).max(PATTERNS.maxLength)).max(PATTERNS.maxCount);

/** Of a user, a group or a client, as it is stored. */
export const policyRules = z.object({
  allow: patterns.readonly().default([]),
  deny: patterns.readonly().default([]),
  readOnly: z.boolean().optional(),
  approvals: z.enum(APPROVALS).optional(),
  models: patterns.readonly().optional(),
  limits: limitsSchema.readonly().optional(),
});

/**
 * What somebody may do. `allow` and `deny` as those of a key; `readOnly` leaves the tools that are
 * marked `readOnlyHint`; `approvals` says which calls a person has to allow; `models` are globs.
 */
export type PolicyRules = Readonly<z.infer<typeof policyRules>>;

export const RULE_KEYS = ["allow", "deny", "readOnly", "approvals", "models", "limits"] as const;

/** The same in a part of the config. Throws `config_invalid`. */
export function readPolicyRules(part: StrictPart): PolicyRules {
  const readOnly = part.boolean("readOnly");
  const approvals = part.choice("approvals", APPROVALS);
  const models = part.texts("models", PATTERNS);
  const limits = part.value("limits");
  return {
    allow: part.texts("allow", PATTERNS) ?? [],
    deny: part.texts("deny", PATTERNS) ?? [],
    ...(readOnly === undefined ? {} : { readOnly }),
    ...(approvals === undefined ? {} : { approvals }),
    ...(models === undefined ? {} : { models }),
    ...(limits === undefined ? {} : { limits: parseLimits(part.pathOf("limits"), limits) }),
  };
}
