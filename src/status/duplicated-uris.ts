import { isUiUri } from "../catalog/ui-uri.ts";
import type { BackendName } from "../core/ids.ts";

export type OfferedUris = Readonly<{ backend: BackendName; uris: readonly string[] }>;

/** A listing of thousands of clashes would bury everything else. */
const MAX_NAMED = 20;

/**
 * Resources keep their URI, so of two backends with the same one only the first is read at `/mcp`;
 * the other is reached at its own address.
 */
export function duplicatedUriWarnings(offered: readonly OfferedUris[]): readonly string[] {
  const first = new Map<string, BackendName>();
  const warnings: string[] = [];
  for (const { backend, uris } of offered) {
    for (const uri of new Set(uris)) {
      if (isUiUri(uri)) continue; // named after its backend at `/mcp`
      const owner = first.get(uri);
      if (owner === undefined) first.set(uri, backend);
      else warnings.push(`Resource "${uri}" of "${backend}" is also one of "${owner}"`);
    }
  }
  const more = warnings.length - MAX_NAMED;
  if (more <= 0) return warnings;
  return [...warnings.slice(0, MAX_NAMED), `${more} more resources are offered twice`];
}
