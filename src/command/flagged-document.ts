import { parseDocumentText } from "../config/config-document.ts";
import { camelCase } from "../config/strict-part.ts";
import { isJsonObject, type JsonObject } from "../core/json.ts";
import { CommandFailure } from "../shell/command-failure.ts";

/** What the command line says beside the config file, and wins with. */
export type DocumentFlags = Readonly<{
  /** Keys of `gateway.openapi`. */
  openapi: JsonObject;
  /** Of entries that name none. */
  timeoutSeconds: number | undefined;
}>;

const MAX_TIMEOUT_SECONDS = 3_600;
/** As the gateway reads them. */
const OPENAPI_SPELLINGS = ["openapi", "openApi", "openAPI"] as const;

/** CONNECTION_TIMEOUT of the environment: what mcpo calls it, for the calls of all backends. */
export function readDefaultTimeout(written: string | undefined): number | undefined {
  if (written === undefined || written === "") return undefined;
  const seconds = Number(written);
  if (/^\d+(\.\d+)?$/.test(written) && seconds >= 1 && seconds <= MAX_TIMEOUT_SECONDS) {
    return seconds;
  }
  throw new CommandFailure(
    `CONNECTION_TIMEOUT: ${JSON.stringify(written)}, wanted seconds from 1 to ${MAX_TIMEOUT_SECONDS}`,
  );
}

function saysNothing({ openapi, timeoutSeconds }: DocumentFlags): boolean {
  return Object.keys(openapi).length === 0 && timeoutSeconds === undefined;
}

/**
 * The document with the flags in it. A text that is none stays as it is, and so do parts that are
 * not what they should be: the gateway says what is wrong with them, in the words of the file.
 */
export function withFlags(text: string, flags: DocumentFlags): string {
  if (saysNothing(flags)) return text;
  const document = readDocument(text);
  if (document === undefined) return text;
  const gateway = withOpenapi(document["gateway"] ?? {}, flags.openapi);
  return gateway === undefined
    ? text
    : JSON.stringify({ ...withTimeout(document, flags.timeoutSeconds), gateway });
}

function readDocument(text: string): JsonObject | undefined {
  try {
    return parseDocumentText(text);
  } catch {
    return undefined; // told by the gateway, which gets the text
  }
}

function withOpenapi(gateway: unknown, flags: JsonObject): JsonObject | undefined {
  if (!isJsonObject(gateway)) return undefined;
  const [written = "openapi", ...others] = OPENAPI_SPELLINGS.filter(
    (spelling) => gateway[spelling] !== undefined,
  );
  const part = gateway[written] ?? {};
  if (others.length > 0 || !isJsonObject(part)) return undefined;
  // In whatever spelling the file has it: two would mean the same.
  const kept = Object.entries(part).filter(([key]) => !Object.hasOwn(flags, camelCase(key)));
  return { ...gateway, [written]: { ...Object.fromEntries(kept), ...flags } };
}

function withTimeout(document: JsonObject, seconds: number | undefined): JsonObject {
  const key = document["mcpServers"] === undefined ? "servers" : "mcpServers";
  const servers = document[key];
  if (seconds === undefined || !isJsonObject(servers)) return document;
  const entries = Object.entries(servers).map(([name, entry]) => {
    // A call that goes on in the background has a limit of its own.
    const isOpen = isJsonObject(entry) && entry["timeout"] === undefined && !entry["detach"];
    return [name, isOpen ? { ...entry, timeout: seconds } : entry];
  });
  return { ...document, [key]: Object.fromEntries(entries) };
}
