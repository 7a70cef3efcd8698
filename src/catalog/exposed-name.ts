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
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- this function is what makes one
  return fitName(`${backend}_${ownName}`, ownName) as ExposedName;
}

/** A name in the letters and the length every client takes, told apart by a hash of `ownName`. */
export function fitName(name: string, ownName: string): string {
  const clean = name.replaceAll(/[^a-zA-Z0-9_-]/g, "_");
  if (clean === name && name.length <= MAX_LENGTH && name !== "") return name;
  const head = clean.slice(0, MAX_LENGTH - HASH_LENGTH - 1);
  return `${head}_${shortHash(ownName)}`;
}

/** FNV-1a over UTF-16 code units, as six base-36 digits: stable, and nothing rests on its secrecy. */
export function shortHash(text: string): string {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193) >>> 0;
  }
  return hash.toString(36).padStart(HASH_LENGTH, "0").slice(-HASH_LENGTH);
}
