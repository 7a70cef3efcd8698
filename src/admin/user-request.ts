import * as z from "zod";
import type { NewUser, UserChange } from "../auth/user-store.ts";
import { policyRules } from "../config/policy-rules.ts";
import type { UserRecord } from "../config/user-record.ts";
import { GatewayError } from "../core/errors.ts";

/** Strict: a misspelt `deny` must not make a person who may do everything. */
const rules = z.strictObject(policyRules.shape);

const NEW_USER = z.strictObject({
  name: z.string(),
  email: z.string().optional(),
  groups: z.array(z.string()).optional(),
  admin: z.boolean().optional(),
  rules: rules.optional(),
});

const CHANGED_USER = z
  .strictObject({
    name: z.string(),
    email: z.string().nullable(),
    groups: z.array(z.string()),
    admin: z.boolean(),
    disabled: z.boolean(),
    rules,
    /** Only to take them away: people set their own. */
    password: z.null(),
    identities: z.array(z.never()).max(0),
  })
  .partial();

export function parseNewUser(body: unknown): NewUser {
  return parse(NEW_USER, body, "create a person");
}

export function parseUserChange(body: unknown): UserChange {
  return parse(CHANGED_USER, body, "change a person");
}

function parse<Value>(schema: z.ZodType<Value>, body: unknown, action: string): Value {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue === undefined || issue.path.length === 0 ? "" : ` "${issue.path.join(".")}"`;
  throw new GatewayError(
    "invalid_params",
    `Cannot ${action}: the request${where} is not valid: ${issue?.message ?? "unknown"}`,
  );
}

/** A person as the owner sees them: nothing by which one could sign in. */
export function describeUser(user: UserRecord, now: number): Record<string, unknown> {
  const { id, name, email, groups, admin, disabled, createdAt, identities, invitation } = user;
  return {
    id,
    name,
    email: email ?? null,
    groups,
    admin: admin ?? false,
    disabled: disabled ?? false,
    createdAt: new Date(createdAt).toISOString(),
    rules: user.rules,
    identities,
    hasPassword: user.password !== undefined,
    invitedUntil:
      invitation === undefined || invitation.expiresAt <= now
        ? null
        : new Date(invitation.expiresAt).toISOString(),
  };
}
