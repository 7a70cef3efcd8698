import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { parseEnv } from "node:util";
import { CommandFailure } from "./command-failure.ts";
import { reasonOf } from "./local-secrets.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

const NAME = /^[A-Za-z_][A-Za-z0-9_.-]*$/;

/** `--env KEY=VALUE`, each. What stands there may be a secret, so an error shows the name at most. */
export function readEnvFlags(given: readonly string[]): Readonly<Record<string, string>> {
  const named = given.map((text, index): [string, string] => {
    const equals = text.indexOf("=");
    const name = equals === -1 ? text : text.slice(0, equals);
    if (equals !== -1 && NAME.test(name)) return [name, text.slice(equals + 1)];
    // Without "=" a name in capitals is a name; anything else could be the value itself.
    const which = /^[A-Z_][A-Z0-9_]*$/.test(text) ? `"${text}"` : `number ${index + 1}`;
    throw new CommandFailure(`--env: ${which} is not of the form KEY=VALUE`);
  });
  return Object.fromEntries(named);
}

/**
 * The environment of this run: `--env` wins over what the shell gave, and that over the file of
 * `--env-path`, which is how files of this kind are read everywhere.
 */
export async function readEnvironment(
  shell: Environment,
  flags: Readonly<{ env: Readonly<Record<string, string>>; envPath: string | undefined }>,
): Promise<Environment> {
  return { ...(await readEnvFile(flags.envPath)), ...shell, ...flags.env };
}

async function readEnvFile(path: string | undefined): Promise<Environment> {
  if (path === undefined) return {};
  try {
    return parseEnv(await readFile(path, "utf8"));
  } catch (error) {
    throw new CommandFailure(`--env-path: ${basename(path)}: ${reasonOf(error)}`, undefined, {
      cause: error,
    });
  }
}
