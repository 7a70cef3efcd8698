import type { PolicyRules } from "./policy-rules.ts";

/** The part `policy` of a config, after parsing. Keys and users have rules of their own besides. */
export type PolicyConfig = Readonly<{
  /** Of every user but the owner; undefined: no rules. */
  everyone: PolicyRules | undefined;
  groups: Readonly<Record<string, PolicyRules>>;
  /** All that match hold together. */
  clients: readonly ClientRules[];
}>;

/** Of clients that sign in by OAuth, the owner's as well. */
export type ClientRules = PolicyRules &
  Readonly<{
    /** A glob of the client's id (its address where it publishes itself), or of the name it gave itself. */
    client: string;
  }>;

export const NO_POLICY: PolicyConfig = { everyone: undefined, groups: {}, clients: [] };
