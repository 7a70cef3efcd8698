/** Whose word for the person behind a request of Open WebUI is believed. */
export const OPEN_WEBUI_TRUSTS = ["jwt", "headers"] as const;
/** `jwt`: only a token signed with the configured secret; `headers`: whatever its holder says. */
export type OpenWebuiTrust = (typeof OPEN_WEBUI_TRUSTS)[number];

/** The people of Open WebUI, after parsing. */
export type OpenWebuiConfig = Readonly<{
  /** As written: may hold `${NAME}`. */
  jwtSecret: string | undefined;
  issuer: string;
  /** A marked key answers nobody who is not told. */
  required: boolean;
  rules: readonly PersonRule[];
}>;

/** For whom one of these lists holds; for everyone when all are empty. */
export type PersonRule = Readonly<{
  /** Ids or mail addresses. */
  users: readonly string[];
  groups: readonly string[];
  roles: readonly string[];
  /** Patterns as those of a key. */
  allow: readonly string[];
  deny: readonly string[];
}>;
