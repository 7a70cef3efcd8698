import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import { CommandFailure } from "../shell/command-failure.ts";

export type PasswordSources = Readonly<{
  flag: string | undefined;
  env: Readonly<Record<string, string | undefined>>;
  input: NodeJS.ReadableStream & { isTTY?: boolean };
  warn: (text: string) => void;
}>;

/** From the flag, the environment, or whoever sits at the terminal. */
export async function requireOwnerPassword(sources: PasswordSources): Promise<string> {
  const { flag, env, input, warn } = sources;
  if (flag !== undefined) {
    warn("--owner-password: others on this machine can read it in the list of processes\n");
    return flag;
  }
  const known = env["OWNER_PASSWORD"] ?? "";
  if (known !== "") return known;
  if (input.isTTY !== true) {
    throw new CommandFailure(
      "Cannot sign in as the owner: no password, set OWNER_PASSWORD (there is no terminal to ask at)",
    );
  }
  warn("Owner password: ");
  const typed = await readHidden(input);
  warn("\n");
  if (typed !== "") return typed;
  throw new CommandFailure("Cannot sign in as the owner: no password was given");
}

/** One line that is not echoed; empty when it was given up. */
async function readHidden(input: NodeJS.ReadableStream): Promise<string> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  // As a terminal readline does the echo itself, and its output goes nowhere.
  const line = createInterface({ input, output: nowhere, terminal: true });
  const { promise, resolve } = Promise.withResolvers<string>();
  line.once("line", resolve);
  line.once("SIGINT", () => resolve(""));
  line.once("close", () => resolve(""));
  const typed = await promise;
  line.close();
  return typed.trim();
}
