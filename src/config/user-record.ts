import * as z from "zod";
import { policyRules, type PolicyRules } from "./policy-rules.ts";

/** What is kept of a person, under `user:{id}` in the registry. Times are epoch ms. */
export const userRecord = z.object({
  /** Opaque: clients can read it inside their tokens. */
  id: z.string(),
  name: z.string(),
  /** In small letters; whose word for it was believed, its `identities` say. */
  email: z.string().optional(),
  groups: z.array(z.string()).readonly(),
  /** May use the owner's pages; what it may call is a matter of its rules all the same. */
  admin: z.boolean().optional(),
  /** Kept, and for everybody else as if it were gone. */
  disabled: z.boolean().optional(),
  createdAt: z.number(),
  rules: policyRules,
  /** Whom the providers of `signIn` know as this person: issuer and subject. */
  identities: z.array(z.object({ issuer: z.string(), subject: z.string() })).readonly(),
  /** As `auth/password.ts` writes it. */
  password: z.string().optional(),
  /** A link that was handed out and not used yet; SHA-256 of its secret, hex. */
  invitation: z.object({ hash: z.string(), expiresAt: z.number() }).optional(),
});

export type UserRecord = Readonly<z.infer<typeof userRecord>>;

/** What a snapshot says of each user who is not disabled; nothing by which one could sign in. */
export type KnownUser = Readonly<{
  name: string;
  email: string | undefined;
  groups: readonly string[];
  admin: boolean;
  rules: PolicyRules;
}>;

export const USER_PREFIX = "user:";

/** The record in a stored text; undefined for what is none. */
export function parseUserRecord(text: string | null): UserRecord | undefined {
  if (text === null) return undefined;
  try {
    return userRecord.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined; // not JSON: nobody
  }
}

export function knownUsers(
  records: readonly Readonly<{ value: string }>[],
): Readonly<Record<string, KnownUser>> {
  const users = records.flatMap(({ value }) => parseUserRecord(value) ?? []);
  return Object.fromEntries(
    users
      .filter(({ disabled }) => disabled !== true)
      .map(({ id, name, email, groups, admin = false, rules }) => [
        id,
        { name, email, groups, admin, rules },
      ]),
  );
}
