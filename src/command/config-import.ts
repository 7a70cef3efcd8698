import { readFile, realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, dirname, join } from "node:path";
import { createInterface } from "node:readline/promises";
import { parseDocumentText } from "../config/config-document.ts";
import { asGatewayError } from "../core/errors.ts";
import { randomToken } from "../core/digest.ts";
import { calledAs } from "../shell/called-as.ts";
import { clientConfigs, type Machine } from "./client-configs.ts";
import { CommandFailure } from "../shell/command-failure.ts";
import type { CommandOutput } from "./command-output.ts";
import type { ImportOptions } from "./config-line.ts";
import { planImport, type ImportPlan } from "./import-plan.ts";
import { renderImport } from "./import-report.ts";
import { insertEntries } from "./insert-entries.ts";
import { reasonOf } from "../shell/local-secrets.ts";
import { readClientConfig } from "./read-client-config.ts";
import { countOf, oneLine } from "../shell/terminal.ts";

const EMPTY = '{\n  "mcpServers": {}\n}\n';

export type ImportWorld = Readonly<{
  machine: Machine;
  output: CommandOutput;
  /** Asks at the terminal; undefined where there is none. */
  confirm: ((question: string) => Promise<boolean>) | undefined;
}>;

export function realImportWorld(output: CommandOutput): ImportWorld {
  const { platform, env, stdin } = process;
  return {
    machine: { platform, env, home: homedir(), folder: process.cwd() },
    output,
    confirm: stdin.isTTY ? askAtTerminal : undefined,
  };
}

/** Shows the servers other programs on this machine know, and adds them to a file of ours. */
export async function importConfig(
  { from, write, yes }: ImportOptions,
  { machine, output, confirm }: ImportWorld,
): Promise<number> {
  const configs = clientConfigs(machine).filter(
    ({ client }) => from.length === 0 || from.includes(client),
  );
  const read = await Promise.all(configs.map((config) => readClientConfig(config)));
  const found = read.filter((each) => each !== undefined);
  const file = write === undefined ? undefined : await readTarget(write);
  const plan = planIn(file, () =>
    planImport(found, { target: parseDocumentText(file?.text ?? EMPTY), machine }),
  );
  for (const line of renderImport(found, plan)) output.print(line);
  if (found.length === 0) output.print("No servers were found in the files of other programs");
  if (plan.add.length === 0) return 0;
  if (file === undefined) {
    output.tell(
      `\nNothing was written: ${calledAs("config", "import --write mcp.json")} adds them`,
    );
    return 0;
  }
  const what = `${countOf(plan.add.length, "server")} to ${file.name}`;
  if (!yes) {
    if (confirm === undefined) {
      throw new CommandFailure(`Cannot ask whether to add ${what}: no terminal, give --yes`);
    }
    if (!(await confirm(`\nAdd ${what}? [y/N] `))) {
      output.tell("Nothing was written");
      return 0;
    }
  }
  await addTo(file, plan);
  output.tell(`\nAdded ${what}`);
  return 0;
}

type Target = Readonly<{ name: string; path: string; text: string; mode: number | undefined }>;

async function readTarget(given: string): Promise<Target> {
  const name = basename(given);
  try {
    // Behind a link the file itself is replaced, not the link.
    const path = await realpath(given);
    const { mode } = await stat(path);
    return { name, path, mode: mode & 0o777, text: await readFile(path, "utf8") };
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") {
      return { name, path: given, text: EMPTY, mode: undefined };
    }
    throw new CommandFailure(`${name}: ${reasonOf(error)}`, undefined, { cause: error });
  }
}

function planIn(file: Target | undefined, plan: () => ImportPlan): ImportPlan {
  try {
    return plan();
  } catch (error) {
    const { message } = asGatewayError(error);
    const where = file === undefined ? "" : `${file.name}: `;
    throw new CommandFailure(`${where}${oneLine(message, 400)}`, undefined, { cause: error });
  }
}

async function addTo({ name, path, text, mode }: Target, { add }: ImportPlan): Promise<void> {
  const entries = Object.fromEntries(add.map(({ written, imported }) => [written, imported.entry]));
  const merged = insertEntries(text.trim() === "" ? EMPTY : text, entries);
  if (merged === undefined) {
    throw new CommandFailure(`Cannot add to ${name}: it has no "mcpServers" to add to`);
  }
  // Whole or not at all; and what it holds now may be for its owner's eyes only.
  const fresh = join(dirname(path), `.${basename(path)}.${randomToken(6)}`);
  try {
    await writeFile(fresh, merged, { mode: mode ?? 0o600, flag: "wx" });
    await rename(fresh, path);
  } catch (error) {
    await rm(fresh, { force: true });
    throw new CommandFailure(`Cannot write ${name}: ${reasonOf(error)}`, undefined, {
      cause: error,
    });
  }
}

async function askAtTerminal(question: string): Promise<boolean> {
  const line = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await line.question(question)).trim());
  } finally {
    line.close();
  }
}
