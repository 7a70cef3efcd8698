import { nameEntries } from "../config/backend-name.ts";
import { parseOpenapi } from "../config/parse-openapi.ts";
import { asGatewayError } from "../core/errors.ts";
import type { JsonObject, JsonValue } from "../core/json.ts";
import { CommandFailure } from "../shell/command-failure.ts";

/** Flags that stand for keys of `gateway.openapi`. */
export const OPENAPI_FLAGS = {
  "path-prefix": { type: "string" },
  "root-path": { type: "string" },
  name: { type: "string", short: "n" },
  description: { type: "string", short: "d" },
  version: { type: "string", short: "v" },
  "cors-allow-origins": { type: "string", multiple: true },
  compat: { type: "string" },
  "public-documents": { type: "boolean" },
  "strict-auth": { type: "boolean" },
} as const;

const KEYS = [
  ["path-prefix", "pathPrefix"],
  ["root-path", "rootPath"],
  ["name", "title"],
  ["description", "description"],
  ["version", "version"],
  ["cors-allow-origins", "allowedOrigins"],
  ["compat", "compat"],
  ["public-documents", "publicDocuments"],
] as const satisfies readonly (readonly [keyof typeof OPENAPI_FLAGS, string])[];

export type OpenapiFlags = Readonly<
  Partial<Record<keyof typeof OPENAPI_FLAGS, string | boolean | readonly string[] | undefined>>
>;

/** What the flags say, as the part of a document. Throws `CommandFailure` naming the flag. */
export function readOpenapiFlags(values: OpenapiFlags): JsonObject {
  const said: Record<string, JsonValue> = {};
  for (const [flag, key] of KEYS) {
    const value = values[flag];
    if (value === undefined) continue;
    refuseUnusable(flag, key, value);
    said[key] = value;
  }
  if (values["strict-auth"] !== true) return said;
  if (values["public-documents"] === true) {
    throw new CommandFailure("Cannot use both --strict-auth and --public-documents: choose one");
  }
  return { ...said, publicDocuments: false };
}

/** Read as the gateway will: it would name the key of a document that nobody wrote. */
function refuseUnusable(flag: string, key: string, value: JsonValue): void {
  try {
    parseOpenapi("openapi", { [key]: value }, nameEntries("mcpServers", []));
  } catch (error) {
    const { message } = asGatewayError(error);
    throw new CommandFailure(message.replace(`openapi.${key}`, `--${flag}`), undefined, {
      cause: error,
    });
  }
}
