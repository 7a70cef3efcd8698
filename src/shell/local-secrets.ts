import { randomInt } from "node:crypto";
import { appendFile, chmod, mkdir, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { parseEnv } from "node:util";
import { CommandFailure } from "./command-failure.ts";
import { randomToken } from "../core/digest.ts";

/** Letters and digits that no font and no reader confuses; 20 of them are 98 bits. */
const READABLE = "abcdefghjkmnpqrstuvwxyz23456789";

const MAKERS = {
  OWNER_PASSWORD: createReadablePassword,
  ENCRYPTION_KEY: () => randomToken(32),
  GATEWAY_API_KEY: () => `mgw_${randomToken(32)}`,
  LOCAL_COMMAND_KEY: () => randomToken(32),
} as const;
export type SecretName = keyof typeof MAKERS;
export type LocalSecrets = Readonly<Record<SecretName, string>>;

/** Every name and value of a `.dev.vars` file; none when there is no file. */
export async function readDevVars(path: string): Promise<Readonly<Record<string, string>>> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (isMissing(error)) return {};
    throw new CommandFailure(`Cannot read ${path}: ${reasonOf(error)}`, undefined, {
      cause: error,
    });
  }
  return Object.fromEntries(
    Object.entries(parseEnv(text)).filter(
      (entry): entry is [string, string] => entry[1] !== undefined,
    ),
  );
}

/**
 * The secrets of this machine: those in the file stay, missing ones are made and added to it. Only
 * its owner may read the file.
 */
export async function ensureLocalSecrets(path: string): Promise<LocalSecrets> {
  const known = await readDevVars(path);
  const secrets = {
    OWNER_PASSWORD: known["OWNER_PASSWORD"] ?? "",
    ENCRYPTION_KEY: known["ENCRYPTION_KEY"] ?? "",
    GATEWAY_API_KEY: known["GATEWAY_API_KEY"] ?? "",
    LOCAL_COMMAND_KEY: known["LOCAL_COMMAND_KEY"] ?? "",
  };
  const names: readonly SecretName[] = [
    "OWNER_PASSWORD",
    "ENCRYPTION_KEY",
    "GATEWAY_API_KEY",
    "LOCAL_COMMAND_KEY",
  ];
  const missing = names.filter((name) => secrets[name] === "");
  for (const name of missing) secrets[name] = MAKERS[name]();
  try {
    if (missing.length > 0) {
      await mkdir(dirname(path), { recursive: true });
      const lines = missing.map((name) => `${name}="${secrets[name]}"\n`).join("");
      // The first newline ends a last line that somebody left open.
      const lead = Object.keys(known).length > 0 ? "\n" : "";
      await appendFile(path, lead + lines, { mode: 0o600 });
    }
    await chmod(path, 0o600);
  } catch (error) {
    throw new CommandFailure(`Cannot write ${path}: ${reasonOf(error)}`, undefined, {
      cause: error,
    });
  }
  return secrets;
}

/** Four groups of five, easy to type from a screen. */
export function createReadablePassword(): string {
  const letters = Array.from({ length: 20 }, () => READABLE[randomInt(READABLE.length)]).join("");
  return (letters.match(/.{5}/g) ?? []).join("-");
}

export function createSecret(name: SecretName): string {
  return MAKERS[name]();
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}

/** What the system said, without its error code and the path we name ourselves. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  switch (code) {
    case "ENOENT":
      return "there is no such file";
    case "EACCES":
    case "EPERM":
      return "permission denied";
    case "EADDRNOTAVAIL":
      return "this machine has no such address";
    case "ENOTFOUND":
      return "there is no such host";
    case "EISDIR":
      return "it is a folder, wanted a file";
    default:
      return error.message;
  }
}
