import { configProblem } from "./config-problem.ts";
import { parseBackendName } from "./backend-name.ts";
import { DEFAULT_OPENAPI, type OpenapiConfig } from "./openapi-config.ts";
import { readOrigins } from "./parse-origins.ts";
import { readStrict, type StrictPart } from "./strict-part.ts";

const KEYS = [
  "pathPrefix",
  "rootPath",
  "compat",
  "root",
  "publicDocuments",
  "toolErrorStatus",
  "title",
  "description",
  "version",
  "allowedOrigins",
] as const satisfies readonly (keyof OpenapiConfig)[];

const MAX_PATH = 200;
const MAX_TITLE = 200;
const MAX_DESCRIPTION = 2_000;
/** Path segments of unreserved characters (RFC 3986 section 2.3): nothing a proxy might rewrite. */
const SEGMENTS = /^[A-Za-z0-9._~-]+(\/[A-Za-z0-9._~-]+)*$/;

/** The part `gateway.openapi`. Throws `config_invalid`. */
export function parseOpenapi(path: string, given: unknown): OpenapiConfig {
  if (given === undefined) return DEFAULT_OPENAPI;
  const part = readStrict(path, given, KEYS);
  const prefix = readPath(part, "pathPrefix");
  const rootPath = readPath(part, "rootPath");
  const root = part.text("root", MAX_TITLE);
  return {
    pathPrefix: prefix === "" ? "/" : `/${prefix}/`,
    rootPath: rootPath === "" ? "" : `/${rootPath}`,
    compat: part.choice("compat", ["mcpo"]),
    root: root === undefined ? undefined : parseBackendName(root),
    publicDocuments: part.boolean("publicDocuments") ?? DEFAULT_OPENAPI.publicDocuments,
    toolErrorStatus:
      part.number("toolErrorStatus", { min: 400, max: 599, whole: true }) ??
      DEFAULT_OPENAPI.toolErrorStatus,
    title: part.text("title", MAX_TITLE),
    description: part.text("description", MAX_DESCRIPTION),
    version: part.text("version", MAX_TITLE),
    allowedOrigins: part.value("allowedOrigins") === undefined ? undefined : readOrigins(part),
  };
}

/** Slashes at the ends are optional. */
function readPath(part: StrictPart, key: "pathPrefix" | "rootPath"): string {
  const written = part.value(key);
  if (written === undefined || written === "" || written === "/") return "";
  const text = part.text(key, MAX_PATH) ?? "";
  const inner = text.replace(/^\//, "").replace(/\/$/, "");
  const isPath = SEGMENTS.test(inner) && !inner.split("/").some((one) => /^\.+$/.test(one));
  if (isPath) return inner;
  throw configProblem(part.pathOf(key), text, 'a path like "/tools"');
}
