import { CommandFailure } from "../shell/command-failure.ts";
import { readFlags, readText } from "../shell/read-flags.ts";

/** As they were written; `owner-password.ts` and `admin-client.ts` put the environment to them. */
export type AdminFlags = Readonly<{
  gateway: string | undefined;
  ownerPassword: string | undefined;
}>;

/** Flags of every command that asks a gateway as its owner. */
export const HELP = { help: { type: "boolean", short: "h" } } as const;
export const ADMIN = {
  ...HELP,
  gateway: { type: "string", short: "g" },
  "owner-password": { type: "string" },
} as const;

type Options = Parameters<typeof readFlags>[0]["options"];

/** Like `readFlags`, for commands that start nothing. */
export function readLine<Taken extends Options>(
  command: string,
  argv: readonly string[],
  { options, words = [] }: Readonly<{ options: Taken; words?: readonly string[] }>,
) {
  const read = readFlags({ command, argv, options, words });
  if (read.after === undefined) return read;
  throw new CommandFailure(`Cannot use "--": ${command} starts no server`);
}

export function readAdmin(
  values: Readonly<{ gateway?: string | undefined; "owner-password"?: string | undefined }>,
): AdminFlags {
  return {
    gateway: readText("--gateway", values.gateway),
    ownerPassword: readText("--owner-password", values["owner-password"]),
  };
}

export function requireWord(words: readonly string[], what: string, name: string): string {
  const [word = ""] = words;
  if (word.trim() !== "") return word;
  throw new CommandFailure(`Cannot ${what}: ${name} is missing (see --help)`);
}

export function isHelp(word: string): boolean {
  return ["help", "--help", "-h"].includes(word);
}
