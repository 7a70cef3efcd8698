import { isJsonObject, type JsonObject, type JsonValue } from "../core/json.ts";
import { MASK, maskUrl } from "../core/redact.ts";
import { configProblem } from "./config-problem.ts";
import { isOnlyReferences } from "./secrets.ts";

type Rewrite = (path: readonly string[], value: string) => string;

/** The document as an owner may see it on a screen: credentials masked, references kept. */
export function maskDocument(document: JsonObject): JsonObject {
  return rewriteSecrets(document, (path, value) => maskValue(path, value));
}

/**
 * A masked document that comes back: every mask takes the value that stands at the same place in
 * `stored`. Throws `config_invalid` where there is none, so that a mask is never stored as a secret.
 */
export function unmaskDocument(document: JsonObject, stored: JsonObject): JsonObject {
  return rewriteSecrets(document, (path, value) => {
    if (!value.includes(MASK)) return value;
    const before = valueAt(stored, path);
    if (typeof before === "string" && maskValue(path, before) === value) return before;
    throw configProblem(path.join("."), value, "the value itself: nothing is stored at this place");
  });
}

function maskValue(path: readonly string[], value: string): string {
  if (isUrlKey(path.at(-1))) return maskUrl(value);
  return isOnlyReferences(value) ? value : MASK;
}

function isUrlKey(key: string | undefined): boolean {
  return key === "url" || key === "serverUrl";
}

/** Secrets live in `headers`, `env` and addresses of a backend entry. */
function rewriteSecrets(document: JsonObject, rewrite: Rewrite): JsonObject {
  return mapEntries(document, (key, part) =>
    (key === "mcpServers" || key === "servers") && isJsonObject(part)
      ? mapEntries(part, (name, entry) =>
          isJsonObject(entry) ? rewriteEntry([key, name], entry, rewrite) : entry,
        )
      : part,
  );
}

function rewriteEntry(path: readonly string[], entry: JsonObject, rewrite: Rewrite): JsonObject {
  return mapEntries(entry, (key, value) => {
    if (isUrlKey(key) && typeof value === "string") return rewrite([...path, key], value);
    if ((key === "headers" || key === "env") && isJsonObject(value)) {
      return mapEntries(value, (header, text) =>
        typeof text === "string" ? rewrite([...path, key, header], text) : text,
      );
    }
    return value;
  });
}

function mapEntries(
  object: JsonObject,
  map: (key: string, value: JsonValue | undefined) => JsonValue | undefined,
): JsonObject {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, map(key, value)]));
}

function valueAt(document: JsonObject, path: readonly string[]): unknown {
  let value: unknown = document;
  for (const key of path) {
    if (!isJsonObject(value) || !Object.hasOwn(value, key)) return undefined;
    value = value[key];
  }
  return value;
}
