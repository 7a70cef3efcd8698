import { chmod, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import * as z from "zod";
import { randomToken, sha256Hex } from "../core/digest.ts";
import { CommandFailure } from "../shell/command-failure.ts";
import { acquireFileLock, type FileLock } from "../shell/file-lock.ts";
import { reasonOf } from "../shell/local-secrets.ts";

/** Two requests to the gateway, each with its own limit, take less. */
const WORK_MS = 30_000;

const login = z.object({
  issuer: z.string(),
  tokenEndpoint: z.url(),
  resource: z.string(),
  clientId: z.string(),
  accessToken: z.string(),
  refreshToken: z.string().optional(),
  /** Milliseconds since 1970. */
  expiresAt: z.number().optional(),
});
export type Login = z.infer<typeof login>;

export type LoginStore = Readonly<{
  path: string;
  /** Undefined when nobody is signed in, or what is there cannot be read any more. */
  read: () => Promise<Login | undefined>;
  write: (login: Login) => Promise<void>;
  forget: () => Promise<void>;
  /** One process at a time: a refresh token that is used twice is taken for stolen. */
  lock: (purpose: "refresh" | "login") => Promise<FileLock | undefined>;
}>;

type Environment = Readonly<Record<string, string | undefined>>;

/** Logins of this user, a file for each gateway, readable for nobody else. */
export async function openLoginStore(endpoint: URL, env: Environment): Promise<LoginStore> {
  const folder = join(configFolder(env), "mcp-edge-gateway", "logins");
  // A token of the gateway is good for all its backends.
  const gateway = endpoint.href.replace(/\/mcp\/[^/]*$/, "/mcp");
  const host = endpoint.host.replaceAll(/[^a-z0-9.-]/g, "_");
  const path = join(folder, `${host}-${(await sha256Hex(gateway)).slice(0, 12)}.json`);
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new CommandFailure(
      `Cannot keep a login in ${folder}: ${reasonOf(error)}, set GATEWAY_API_KEY or XDG_CONFIG_HOME`,
      undefined,
      { cause: error },
    );
  }

  return {
    path,
    async read() {
      try {
        return login.parse(JSON.parse(await readFile(path, "utf8")));
      } catch {
        return undefined; // nobody has signed in, or has with another version
      }
    },
    async write(next) {
      // Whole or not at all: another process may be reading.
      const fresh = `${path}.${randomToken(6)}`;
      await writeFile(fresh, JSON.stringify(next, null, 2), { mode: 0o600 });
      await chmod(fresh, 0o600);
      await rename(fresh, path);
    },
    forget: () => rm(path, { force: true }),
    lock: (purpose) =>
      acquireFileLock(
        `${path}.${purpose}`,
        purpose === "refresh"
          ? { waitMs: WORK_MS, staleMs: WORK_MS }
          : { waitMs: 0, staleMs: LOGIN_MS },
      ),
  };
}

/** A person has to find the window, the password and the button. */
export const LOGIN_MS = 5 * 60_000;

function configFolder(env: Environment): string {
  const windows = process.platform === "win32" ? env["APPDATA"] : undefined;
  const named = env["XDG_CONFIG_HOME"] ?? windows;
  return named === undefined || named === "" ? join(homedir(), ".config") : named;
}
