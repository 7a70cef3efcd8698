import type { BackendName } from "../core/ids.ts";
import { configProblem } from "./config-problem.ts";
import { ROUTE_WORDS } from "./route-words.ts";

/** What REST has at its root beside backends. */
const REST_WORDS: ReadonlySet<string> = new Set([
  "docs",
  "redoc",
  "openapi",
  "api",
  "system",
  "gateway",
]);

/** At `/{backend}/…` such a backend would stand in the way of a route of ours. */
function isReserved(name: string): boolean {
  return ROUTE_WORDS.has(name) || REST_WORDS.has(name);
}

const MAX_LENGTH = 31;
const PATTERN = /^[a-z][a-z0-9-]{0,30}$/;
/** A path has to hold it, percent-encoded. */
const MAX_WRITTEN = 100;
/**
 * A slash would end it in a path, and half a character cannot be encoded for one; the last is what
 * some would take for an object's own part.
 */
const UNUSABLE = /\/|\p{Cc}|\p{Cs}|^__proto__$/u;

/** What an entry is called here, and as it is written where that differs. */
export type EntryName = Readonly<{ name: BackendName; alias?: string }>;
/** The entries of a document, by how they are written. */
export type EntryNames = ReadonlyMap<string, EntryName>;

/** Throws `config_invalid` naming the entry. */
export function parseBackendName(name: string, key = "mcpServers"): BackendName {
  const path = entryPath(key, name);
  refuseReserved(path, name, name);
  if (isLegal(name)) return name;
  const close = nearestName(name);
  const hint = isLegal(close) && !isReserved(close) ? `, for example "${close}"` : "";
  throw configProblem(
    path,
    name,
    `a name of a-z, 0-9 and "-" that begins with a letter, at most ${MAX_LENGTH} characters${hint}`,
  );
}

/**
 * The name of each entry of a document: the nearest legal one, because people's files are full of
 * names that other programs take as they are. Throws `config_invalid` where nothing is left of a
 * name, and where two entries would be called the same.
 */
export function nameEntries(key: string, written: readonly string[]): EntryNames {
  const taken = new Map<string, string>();
  const named = new Map<string, EntryName>();
  for (const text of written) {
    const entry = nameEntry(key, text);
    const other = taken.get(entry.name);
    if (other !== undefined) {
      throw configProblem(
        entryPath(key, text),
        text,
        `another name: it would be called "${entry.name}" here, as ${JSON.stringify(other)} is`,
      );
    }
    taken.set(entry.name, text);
    named.set(text, entry);
  }
  return named;
}

function nameEntry(key: string, written: string): EntryName {
  if (isLegal(written) || written.length > MAX_WRITTEN || UNUSABLE.test(written)) {
    return { name: parseBackendName(written, key) };
  }
  const name = nearestName(written);
  refuseReserved(entryPath(key, written), written, name);
  return isLegal(name) ? { name, alias: written } : { name: parseBackendName(written, key) };
}

/** Where an entry stands, in a form that says where its name begins and ends. */
export function entryPath(key: string, written: string): string {
  return isLegal(written) ? `${key}.${written}` : `${key}[${JSON.stringify(written.slice(0, 40))}]`;
}

function refuseReserved(path: string, written: string, name: string): void {
  if (!isReserved(name)) return;
  throw configProblem(path, written, `another name: /${name} is a route of the gateway`);
}

function isLegal(name: string): name is BackendName {
  return PATTERN.test(name);
}

/** Letters keep their shape without their accents; what is left may be nothing. */
function nearestName(written: string): string {
  return written
    .normalize("NFKD")
    .replaceAll(/\p{M}+/gu, "")
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replace(/^[^a-z]+/, "")
    .slice(0, MAX_LENGTH)
    .replace(/-+$/, "");
}
