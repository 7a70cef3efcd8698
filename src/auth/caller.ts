import type { Approvals, ProgressStyle } from "../config/llm-config.ts";
import type { OpenWebuiTrust } from "../config/open-webui-config.ts";
import type { BackendName, UserId } from "../core/ids.ts";
import type { Limits } from "../config/limits-config.ts";
import type { ChosenAccount } from "./chosen-account.ts";
import type { Person } from "./person.ts";

/** What a credential may be used for: the resource it was issued for. */
export type Resource = "mcp" | "v1";

/**
 * Which backends and tools a credential reaches. Patterns are `backend` or `backend/tool` (own
 * names) with `*` for any run of characters. `allow` empty means all; `deny` wins.
 */
export type AccessRules = Readonly<{
  allow: readonly string[];
  deny: readonly string[];
  /** Only what these permit as well: somebody else's limits around one's own. */
  within?: AccessRules;
}>;

export const FULL_ACCESS: AccessRules = { allow: [], deny: [] };

/** Who is asking, whatever the credential was. The only thing the gateway knows of a caller. */
export type Caller = Readonly<{
  /** `session`: the pages of a browser. */
  kind: "api-key" | "static-key" | "oauth" | "session";
  /** Names the credential in audit and limits: key id or grant id, never the secret. */
  credentialId: string;
  userId: UserId;
  access: AccessRules;
  /** Its client knows tools only: resources and prompts are offered as tools as well. */
  resourceTools?: boolean;
  /** Sees only what is marked `readOnlyHint`; prompts and resources change nothing. */
  readOnly?: boolean;
  /** Its tools are searched for rather than listed. */
  mode?: ListMode;
  /** Lists of globs of the ids of models it may use: those that match in every list. */
  models?: readonly (readonly string[])[];
  /** How its client is shown tools at work, unless a request says otherwise. */
  progress?: ProgressStyle;
  /** Which calls a person has to allow; as the config says without. */
  approvals?: Approvals;
  /** Whose word for the person behind a request is believed; nobody's without. */
  openWebui?: OpenWebuiTrust;
  /** For whom the credential acts here; for prompts and rules, never for a log. */
  person?: Person;
  /** How much it may ask, each bound counted for its own subject. */
  limits?: readonly CallerLimits[];
  /** Of several logins at a backend, the one its address named. */
  account?: ChosenAccount;
  /** Who signed in by OAuth in the user's name. */
  client?: Readonly<{ id: string; name: string }>;
  /** Equal for callers who see the same of a shared catalog; views are kept per policy id. */
  policyId: string;
  /** The resources this credential is good for (RFC 8707); keys are good for all. */
  resources: readonly Resource[];
  scopes: readonly string[];
}>;

/** `search`: three tools stand for all of them. */
export const LIST_MODES = ["search"] as const;
export type ListMode = (typeof LIST_MODES)[number];

/** `subject` names what is counted: `user/…`, `key/…` or `client/…`. */
export type CallerLimits = Readonly<{ subject: string; limits: Limits }>;

/** Whether the caller may know of this backend or, with a tool, of this tool. */
export type Permits = (backend: BackendName, tool?: string) => boolean;
