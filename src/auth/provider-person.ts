import * as z from "zod";
import type { SignInProvider } from "../config/sign-in-config.ts";
import type { Fetch } from "../core/outbound.ts";

/** Whom a provider says that somebody is. */
export type ProviderPerson = Readonly<{
  issuer: string;
  /** Never given to anybody else by this issuer. */
  subject: string;
  name: string | undefined;
  /** Undefined unless the provider vouches for it. */
  verifiedEmail: string | undefined;
}>;

/** What this browser and the provider have to bring back. */
export type SignInSecrets = Readonly<{ state: string; nonce: string; verifier: string }>;

export type ProviderQuestion = Readonly<{
  provider: SignInProvider;
  clientSecret: string | undefined;
  redirectUri: string;
  secrets: SignInSecrets;
  /** Guarded: it goes to no private target, follows nothing, and has an end. */
  fetch: Fetch;
  /** On loopback alone: the issuer's own address is plain http. */
  isInsecure: boolean;
}>;

/** One way of asking a provider who somebody is. */
export type ProviderKind = Readonly<{
  /** Where the browser is sent. */
  begin: (question: ProviderQuestion) => Promise<URL>;
  /** Throws what the OAuth library throws for an answer that is not valid. */
  finish: (question: ProviderQuestion, params: URLSearchParams) => Promise<ProviderPerson>;
}>;

/** OpenID Connect Core 1.0 section 2: at most 255 ASCII characters. */
export const subjectText = z.string().regex(/^[\x20-\x7e]{1,255}$/);
/** A display name may be anything; the rest of it is of no use in a list. */
export const nameText = z
  .string()
  .transform((name) =>
    name
      .replaceAll(/[\p{Cc}\p{Cf}]/gu, "")
      .trim()
      .slice(0, 100),
  )
  .transform((name) => (name === "" ? undefined : name))
  .optional()
  .catch(undefined);
