/** How people sign in, after parsing; passwords of people the owner invited work besides. */
export type SignInConfig = Readonly<{
  /** By their names, which stand in addresses: `^[a-z][a-z0-9-]{0,30}$`. */
  providers: readonly SignInProvider[];
}>;

export type SignInProvider = Readonly<{
  name: string;
  /** On the button. */
  label: string;
  /** GitHub speaks OAuth 2 and no OpenID Connect. */
  kind: "oidc" | "github";
  /** `https://github.com` for GitHub. */
  issuer: string;
  clientId: string;
  /** As written: may hold `${NAME}`; undefined for a public client. */
  clientSecret: string | undefined;
  /**
   * Who may come in without having been invited: mail addresses, and domains as `@example.com`.
   * Nobody where it is empty.
   */
  allow: readonly string[];
  /** Groups such people are in from the beginning. */
  groups: readonly string[];
  /** Its word for a mail address counts without `email_verified`. */
  trustEmail: boolean;
}>;

export const NO_SIGN_IN: SignInConfig = { providers: [] };
