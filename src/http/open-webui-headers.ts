import type { Person } from "../auth/person.ts";
import { GatewayError } from "../core/errors.ts";

/** Open WebUI's own names; they can be renamed there, but then nobody reads them. */
const HEADER = {
  id: "x-openwebui-user-id",
  email: "x-openwebui-user-email",
  name: "x-openwebui-user-name",
  role: "x-openwebui-user-role",
  groups: "x-openwebui-user-groups",
} as const;

/** A hundred groups fit; what is longer is no header of Open WebUI. */
const MAX_HEADER = 8_192;
/** As long as its database lets an id, a mail address or a name be. */
const MAX_TEXT = 255;
const MAX_GROUPS = 200;

/**
 * The person as the plain headers tell: whoever holds the key can write them. Undefined when they
 * name nobody, as in requests that Open WebUI makes for itself.
 */
export function personInHeaders(headers: Headers): Person | undefined {
  const email = readText(headers, HEADER.email);
  const id = readText(headers, HEADER.id) ?? email?.toLowerCase();
  if (id === undefined) return undefined;
  return {
    id,
    email,
    name: readText(headers, HEADER.name),
    role: readText(headers, HEADER.role),
    groups: toGroups(readHeader(headers, HEADER.groups)),
  };
}

/** One claim or header of a person: a text of sane length on one line; undefined for an empty one. */
export function toPersonText(what: string, given: string): string | undefined {
  const text = given.trim();
  if (text === "") return undefined;
  if (text.length <= MAX_TEXT && !/\p{Cc}/u.test(text)) return text;
  throw unreadable(what, `wanted 1 to ${MAX_TEXT} characters on one line`);
}

/** `sales, support`, or a JSON list. */
export function toGroups(given: unknown): readonly string[] {
  const listed = typeof given === "string" ? splitGroups(given) : given;
  if (listed === undefined || listed === null) return [];
  if (!Array.isArray(listed) || listed.length > MAX_GROUPS) {
    throw unreadable("groups", `wanted a list of up to ${MAX_GROUPS} names`);
  }
  return listed.flatMap((group: unknown) => {
    if (typeof group !== "string") throw unreadable("groups", "wanted a list of names");
    return toPersonText("groups", group) ?? [];
  });
}

function splitGroups(text: string): unknown {
  if (!text.startsWith("[")) return text.split(",");
  try {
    return JSON.parse(text);
  } catch {
    return text.split(","); // a group may be called "[old] sales"
  }
}

function readText(headers: Headers, name: string): string | undefined {
  const text = readHeader(headers, name);
  return text === undefined ? undefined : toPersonText(name, text);
}

function readHeader(headers: Headers, name: string): string | undefined {
  const written = headers.get(name);
  if (written === null) return undefined;
  if (written.length > MAX_HEADER) {
    throw unreadable(name, `wanted at most ${MAX_HEADER} characters`);
  }
  const text = decode(written.trim());
  // A template that this Open WebUI does not know, or has no value for.
  return text === "" || /^\{\{\w+\}\}$/.test(text) ? undefined : text;
}

/** Percent-encoded UTF-8, because a header cannot hold it otherwise. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a connection's own header is sent as it was written: 100 % is no escape
  }
}

function unreadable(what: string, reason: string): GatewayError {
  return new GatewayError(
    "invalid_request",
    `Cannot read who is asking: "${what}" is not valid, ${reason}`,
  );
}
