import { GatewayError } from "../core/errors.ts";
import { readJsonText } from "../http/json-body.ts";

/** A config of a thousand backends has half of it; it is stored in one row of the registry. */
const CONFIG_LIMIT = 1024 * 1024;

/**
 * Documents with comments are not JSON, so editors and `curl -T` send them under other names.
 * Those need no preflight, which is safe here: the owner check refuses other sites first.
 */
const TYPES: ReadonlySet<string> = new Set([
  "application/json",
  "application/jsonc",
  "application/json5",
  "text/plain",
]);

/** The text of a config document. Throws `unsupported_media_type`, `too_large`, `invalid_request`. */
export function readConfigText(request: Request): Promise<string> {
  const type = request.headers.get("content-type")?.split(";", 1)[0]?.trim().toLowerCase() ?? "";
  if (!TYPES.has(type)) {
    throw new GatewayError(
      "unsupported_media_type",
      `Cannot read the config: content type must be one of ${[...TYPES].join(", ")}`,
    );
  }
  const headers = new Headers(request.headers);
  headers.set("content-type", "application/json"); // the reader's bounds, for all of them
  return readJsonText(new Request(request, { headers }), CONFIG_LIMIT);
}

const ENTITY_TAG = /^(?:W\/)?"?(\d{1,10})"?$/;

/** The version `If-Match` expects; undefined when any will do. */
export function readExpectedVersion(header: string | null): number | undefined {
  if (header === null || header.trim() === "*") return undefined;
  const version = ENTITY_TAG.exec(header.trim())?.[1];
  if (version !== undefined) return Number(version);
  throw new GatewayError(
    "invalid_request",
    'Cannot compare config versions: If-Match must be a version in quotes, for example "3"',
  );
}

/** The number of a version in a path or query. */
export function parseVersion(text: string): number {
  if (/^\d{1,10}$/.test(text)) return Number(text);
  throw new GatewayError(
    "invalid_params",
    `Cannot find config version "${text.slice(0, 40)}": it must be a whole number`,
  );
}
