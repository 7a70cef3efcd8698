import { isJsonObject, type JsonObject, type JsonValue } from "../core/json.ts";
import { MASK, maskUrl } from "../core/redact.ts";
import { configProblem } from "./config-problem.ts";
import { secretPlaces } from "./secret-places.ts";
import { isOnlyReferences } from "./secrets.ts";

type Rewrite = (path: readonly string[], value: string) => string;

/** The document as an owner may see it on a screen: credentials masked, references kept. */
export function maskDocument(document: JsonObject): JsonObject {
  return rewriteSecrets(document, (path, value) => maskValue(path, value));
}

/**
 * A masked document that comes back: every mask takes the value that stands at the same place in
 * `stored`. Throws `config_invalid` where there is none, so that a mask is never stored as a secret,
 * and where it would go to another address: whoever edits the document may not read it.
 */
export function unmaskDocument(document: JsonObject, stored: JsonObject): JsonObject {
  return rewriteSecrets(document, (path, value) => {
    if (!value.includes(MASK)) return value;
    const before = valueAt(stored, path);
    if (typeof before !== "string" || maskValue(path, before) !== value) {
      throw configProblem(
        path.join("."),
        value,
        "the value itself: nothing is stored at this place",
      );
    }
    const entry = path.slice(0, path[0] === "llm" || path[0] === "signIn" ? 3 : 2);
    if (placesAt(document, entry) === placesAt(stored, entry)) return before;
    throw configProblem(
      path.join("."),
      value,
      "the value itself: the one that is stored was given for another address",
    );
  });
}

function maskValue(path: readonly string[], value: string): string {
  if (isUrlKey(path.at(-1))) return maskUrl(value);
  return isOnlyReferences(value) ? value : MASK;
}

/** `llm.providers` knows more spellings than `mcpServers`; an address is one wherever it stands. */
const URL_KEYS: ReadonlySet<string> = new Set([
  "url",
  "serverUrl",
  "baseUrl",
  "base_url",
  "baseURL",
]);
const SECRET_KEYS: ReadonlySet<string> = new Set([
  "apiKey",
  "api_key",
  "key",
  "jwtSecret",
  "jwt_secret",
  "clientSecret",
  "client_secret",
]);
/** What an `oauth` part of an entry may hold at any depth: `client_secret`, a token somebody kept. */
const OAUTH_SECRET = /secret|token$|password/i;
/** Objects whose every value may be a secret. */
const SECRET_GROUPS: ReadonlySet<string> = new Set(["headers", "env"]);

function isUrlKey(key: string | undefined): boolean {
  return key !== undefined && URL_KEYS.has(key);
}

/** Secrets live in entries of backends and of providers of both kinds, and beside what is said of Open WebUI. */
function rewriteSecrets(document: JsonObject, rewrite: Rewrite): JsonObject {
  const entries = (path: readonly string[], part: JsonObject): JsonObject =>
    mapEntries(part, (name, entry) =>
      isJsonObject(entry) ? rewriteEntry([...path, name], entry, rewrite) : entry,
    );
  return mapEntries(document, (key, part) => {
    if (!isJsonObject(part)) return part;
    if (key === "mcpServers" || key === "servers" || key === "gateway") return entries([key], part);
    if (key !== "llm" && key !== "signIn") return part;
    return mapEntries(part, (name, providers) =>
      name === "providers" && isJsonObject(providers) ? entries([key, name], providers) : providers,
    );
  });
}

function rewriteEntry(path: readonly string[], entry: JsonObject, rewrite: Rewrite): JsonObject {
  return mapEntries(entry, (key, value) => {
    if ((isUrlKey(key) || SECRET_KEYS.has(key)) && typeof value === "string") {
      return rewrite([...path, key], value);
    }
    if (key === "oauth" && isJsonObject(value)) return rewriteOAuth([...path, key], value, rewrite);
    if (SECRET_GROUPS.has(key) && isJsonObject(value)) {
      return mapEntries(value, (header, text) =>
        typeof text === "string" ? rewrite([...path, key, header], text) : text,
      );
    }
    return value;
  });
}

function rewriteOAuth(path: readonly string[], part: JsonObject, rewrite: Rewrite): JsonObject {
  return mapEntries(part, (key, value) => {
    if (isJsonObject(value)) return rewriteOAuth([...path, key], value, rewrite);
    const isSecret = typeof value === "string" && OAUTH_SECRET.test(key);
    return isSecret ? rewrite([...path, key], value) : value;
  });
}

function mapEntries(
  object: JsonObject,
  map: (key: string, value: JsonValue | undefined) => JsonValue | undefined,
): JsonObject {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, map(key, value)]));
}

function placesAt(document: JsonObject, path: readonly string[]): string {
  const entry = valueAt(document, path);
  return isJsonObject(entry) ? secretPlaces(entry) : "";
}

function valueAt(document: JsonObject, path: readonly string[]): unknown {
  let value: unknown = document;
  for (const key of path) {
    if (!isJsonObject(value) || !Object.hasOwn(value, key)) return undefined;
    value = value[key];
  }
  return value;
}
