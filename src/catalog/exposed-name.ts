import type { BackendName, ExposedName } from "../core/ids.ts";

/** Claude rejects a whole toolset for one name outside `^[a-zA-Z0-9_-]{1,64}$`. */
const MAX_LENGTH = 64;
const HASH_LENGTH = 6;

/**
 * `{backend}_{own name}`, a function of these two alone, never of the neighbours. Backend names hold
 * no `_`, so two backends cannot make the same name. A name that had to be altered or cut ends in a
 * hash of the own name, so that `a.b` and `a b` stay apart.
 */
export function toExposedName(backend: BackendName, ownName: string): ExposedName {
  const clean = ownName.replaceAll(/[^a-zA-Z0-9_-]/g, "_");
  const name = `${backend}_${clean}`;
  const fits = clean === ownName && name.length <= MAX_LENGTH;
  const head = name.slice(0, MAX_LENGTH - HASH_LENGTH - 1);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- this function is what makes one
  return (fits ? name : `${head}_${shortHash(ownName)}`) as ExposedName;
}

/** FNV-1a over UTF-16 code units, as six base-36 digits: stable, and nothing rests on its secrecy. */
export function shortHash(text: string): string {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193) >>> 0;
  }
  return hash.toString(36).padStart(HASH_LENGTH, "0").slice(-HASH_LENGTH);
}
