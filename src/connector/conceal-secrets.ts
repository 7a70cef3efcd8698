import { MASK } from "../core/redact.ts";

/** Shorter values are words like "true", which would be masked everywhere. */
const MIN_SECRET = 6;

/** Masks known values in text that is to be shown. */
export function concealSecrets(secrets: readonly string[]): (text: string) => string {
  const known = secrets
    .filter((secret) => secret.length >= MIN_SECRET)
    // The longest first: one may begin with another.
    .toSorted((a, b) => b.length - a.length);
  return (text) => known.reduce((masked, secret) => masked.replaceAll(secret, MASK), text);
}
