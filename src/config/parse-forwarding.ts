import { isFutile, isForwardable } from "../core/forwardable-header.ts";
import type { JsonObject } from "../core/json.ts";
import { configProblem, quoted } from "./config-problem.ts";
import type { BackendConfig, BackendTransport } from "./gateway-config.ts";
import { readStrict } from "./strict-part.ts";

/** Each is tried on each header of each call. */
const MAX_PATTERNS = 50;
const MAX_PATTERN_LENGTH = 100;
/** RFC 9110 section 5.6.2 token; `*` happens to be one of its characters. */
const PATTERN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** As mcpo writes it. */
const SPELLINGS = ["client_header_forwarding", "clientHeaderForwarding"] as const;
const KEYS = ["enabled", "whitelist", "blacklist", "debugHeaders"];

/**
 * Which headers of its callers a backend is passed. Strict inside, although the part is not ours: a
 * misspelt `blacklist` would pass on what it should keep back. Throws `config_invalid`.
 */
export function parseForwarding(
  { path: entryPath, entry, warn }: ForwardingToParse,
  { kind }: BackendTransport,
): Pick<BackendConfig, "forwardHeaders"> {
  const [key, second] = SPELLINGS.filter((spelling) => entry[spelling] !== undefined);
  if (key === undefined) return {};
  const path = `${entryPath}.${key}`;
  if (second !== undefined) {
    const wanted = `only one of ${quoted(SPELLINGS)}: they mean the same`;
    throw configProblem(`${entryPath}.${second}`, "…", wanted);
  }
  const part = readStrict(path, entry[key], KEYS);
  const patterns = (list: string): readonly string[] => {
    const bounds = { maxCount: MAX_PATTERNS, maxLength: MAX_PATTERN_LENGTH };
    const written = part.texts(list, bounds) ?? [];
    const wrong = written.find((pattern) => !PATTERN.test(pattern));
    if (wrong === undefined) return written.map((pattern) => pattern.toLowerCase());
    throw configProblem(part.pathOf(list), wrong, "names of headers, * for any characters");
  };
  const enabled = part.boolean("enabled") ?? false;
  const allow = patterns("whitelist");
  const deny = patterns("blacklist");
  if (part.boolean("debugHeaders") === true) {
    warn(`${part.pathOf("debugHeaders")}: not used: values of headers never reach a log`);
  }
  if (!enabled) return {};
  const whitelist = part.pathOf("whitelist");
  for (const pattern of allow) checkAllowed(whitelist, pattern, warn);
  if (kind !== "streamable-http" && kind !== "sse") {
    warn(`${path}: not used: only backends that have an address are passed headers`);
    return {};
  }
  if (allow.length === 0) {
    warn(`${whitelist}: names no header, so none is passed on`);
    return {};
  }
  return { forwardHeaders: { allow, deny } };
}

export type ForwardingToParse = Readonly<{
  /** Of the entry. */
  path: string;
  entry: JsonObject;
  warn: (warning: string) => void;
}>;

/** A wildcard skips what is never passed on; whoever writes such a name expects it to arrive. */
function checkAllowed(path: string, pattern: string, warn: (warning: string) => void): void {
  if (pattern === "authorization") {
    throw configProblem(
      path,
      pattern,
      'other headers: this one holds a key of the gateway; the backend\'s own credential stands in "headers" of its entry, as ${NAME}',
    );
  }
  if (pattern.includes("*")) {
    if (isFutile(pattern)) warn(`${path}: "${pattern}" matches only what is never passed on`);
    return;
  }
  if (!isForwardable(pattern)) {
    throw configProblem(path, pattern, "other headers: this one is never passed on");
  }
}
