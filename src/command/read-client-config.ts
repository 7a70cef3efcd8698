import { open } from "node:fs/promises";
import JSON5 from "json5";
import { isJsonObject, type JsonObject } from "../core/json.ts";
import type { ClientConfig } from "./client-configs.ts";
import { reasonOf } from "../shell/local-secrets.ts";

/** Claude Code keeps the history of every project in the same file. */
const MAX_FILE = 32 * 1024 * 1024;
/** Files with comments are written by hand; reading them takes a hundred times as long. */
const MAX_COMMENTED = 1024 * 1024;

export type ClientServers =
  | Readonly<{ kind: "found"; config: ClientConfig; servers: JsonObject }>
  | Readonly<{ kind: "broken"; config: ClientConfig; reason: string }>;

/** The servers of a client; undefined where it has no such file, or none in it. */
export async function readClientConfig(config: ClientConfig): Promise<ClientServers | undefined> {
  let text: string | undefined;
  try {
    text = await readBounded(config.path);
  } catch (error) {
    return { kind: "broken", config, reason: reasonOf(error) };
  }
  if (text === undefined || text.trim() === "") return undefined;
  const document = parse(text);
  if (document === undefined) return { kind: "broken", config, reason: "it is not JSON" };
  const servers = config.servers(document);
  if (servers === undefined || Object.keys(servers).length === 0) return undefined;
  return { kind: "found", config, servers };
}

/** Undefined when there is no such file; only files are read, never a pipe that has no end. */
async function readBounded(path: string): Promise<string | undefined> {
  const file = await open(path, "r").catch((error: unknown) => {
    if (isNotThere(error)) return undefined;
    throw error;
  });
  if (file === undefined) return undefined;
  try {
    const { size } = await requireFile(await file.stat());
    const bytes = Buffer.alloc(size);
    const { bytesRead } = await file.read(bytes, 0, size, 0);
    return bytes.toString("utf8", 0, bytesRead).replace(/^\uFEFF/, "");
  } finally {
    await file.close();
  }
}

async function requireFile<Found extends { size: number; isFile: () => boolean }>(
  found: Found,
): Promise<Found> {
  if (!found.isFile()) throw new Error("it is not a file");
  if (found.size <= MAX_FILE) return found;
  throw new Error(`it is larger than ${MAX_FILE / 1024 / 1024} MiB`);
}

function parse(text: string): JsonObject | undefined {
  for (const read of [JSON.parse, JSON5.parse]) {
    if (read === JSON5.parse && text.length > MAX_COMMENTED) return undefined;
    try {
      const document: unknown = read(text);
      return isJsonObject(document) ? document : undefined;
    } catch {
      // with comments, perhaps; or it is none at all, and the caller says so
    }
  }
  return undefined;
}

function isNotThere(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return code === "ENOENT" || code === "ENOTDIR";
}
