import { configProblem } from "./config-problem.ts";
import type { EntryNames } from "./backend-name.ts";
import type { BackendName } from "../core/ids.ts";
import { DEFAULT_OPENAPI, type OpenapiConfig } from "./openapi-config.ts";
import { readOrigins } from "./parse-origins.ts";
import { isRouted } from "./route-words.ts";
import { isLine, readStrict, type StrictPart } from "./strict-part.ts";

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

/** The part `gateway.openapi` of a document with these `entries`. Throws `config_invalid`. */
export function parseOpenapi(path: string, given: unknown, entries: EntryNames): OpenapiConfig {
  if (given === undefined) return DEFAULT_OPENAPI;
  const part = readStrict(path, given, KEYS);
  const prefix = readPath(part, "pathPrefix");
  const rootPath = readPath(part, "rootPath");
  return {
    pathPrefix: prefix === "" ? "/" : `/${prefix}/`,
    rootPath: rootPath === "" ? "" : `/${rootPath}`,
    compat: part.choice("compat", ["mcpo"]),
    root: readRoot(part, entries),
    publicDocuments: part.boolean("publicDocuments") ?? DEFAULT_OPENAPI.publicDocuments,
    toolErrorStatus:
      part.number("toolErrorStatus", { min: 400, max: 599, whole: true }) ??
      DEFAULT_OPENAPI.toolErrorStatus,
    title: part.text("title", MAX_TITLE),
    description: readDescription(part),
    version: part.text("version", MAX_TITLE),
    allowedOrigins: readAllowed(part),
  };
}

/** By either of its names; one that is switched off may be named, and is not served. */
function readRoot(part: StrictPart, entries: EntryNames): BackendName | undefined {
  const root = part.value("root");
  if (root === undefined) return undefined;
  for (const [written, { name }] of entries) if (root === written || root === name) return name;
  throw configProblem(part.pathOf("root"), root, 'the name of a backend in "mcpServers"');
}

/** Text of a document, which may have lines, and markdown in them. */
function readDescription(part: StrictPart): string | undefined {
  const text = part.value("description");
  if (text === undefined) return undefined;
  if (typeof text === "string" && isLine(text.replaceAll(/[\n\r\t]/g, " "), MAX_DESCRIPTION)) {
    return text;
  }
  const wanted = `a text of 1 to ${MAX_DESCRIPTION} characters`;
  throw configProblem(part.pathOf("description"), text, wanted);
}

/** `*` among them says what leaving it out says: any. */
function readAllowed(part: StrictPart): readonly string[] | undefined {
  const given = part.value("allowedOrigins");
  if (given === undefined || (Array.isArray(given) && given.includes("*"))) return undefined;
  return readOrigins(part);
}

/** Slashes at the ends are optional. */
function readPath(part: StrictPart, key: "pathPrefix" | "rootPath"): string {
  const written = part.value(key);
  if (written === undefined || written === "" || written === "/") return "";
  const text = part.text(key, MAX_PATH) ?? "";
  const inner = text.replace(/^\//, "").replace(/\/$/, "");
  const isPath = SEGMENTS.test(inner) && !inner.split("/").some((one) => /^\.+$/.test(one));
  if (!isPath) throw configProblem(part.pathOf(key), text, 'a path like "/tools"');
  const [first = ""] = inner.split("/", 1);
  if (!isRouted(first)) return inner;
  throw configProblem(
    part.pathOf(key),
    text,
    `another path: what begins with /${first} is a route of the gateway`,
  );
}
