import {
  ADMIN,
  HELP,
  isHelp,
  readAdmin,
  readLine,
  requireWord,
  type AdminFlags,
} from "./admin-line.ts";
import { CLIENTS, type ClientId } from "./client-configs.ts";
import { CommandFailure } from "../shell/command-failure.ts";
import { readText } from "../shell/read-flags.ts";

export type ConfigOptions = Readonly<{ kind: "config" }> &
  (
    | Readonly<{ action: "get"; admin: AdminFlags }>
    | Readonly<{
        action: "put";
        admin: AdminFlags;
        file: string;
        /** The version the file was made from; whatever is stored otherwise. */
        ifVersion: number | undefined;
        dryRun: boolean;
      }>
    | Readonly<{ action: "check"; file: string }>
    | ImportOptions
  );

export type ImportOptions = Readonly<{
  action: "import";
  /** Whose files are read; everybody's when empty. */
  from: readonly ClientId[];
  write: string | undefined;
  yes: boolean;
}>;

export type ConfigLine = ConfigOptions | Readonly<{ kind: "help"; about: "config" }>;

const IMPORT = {
  ...HELP,
  from: { type: "string", multiple: true },
  write: { type: "string", short: "w" },
  yes: { type: "boolean", short: "y" },
} as const;
const PUT = {
  ...ADMIN,
  "if-version": { type: "string" },
  "dry-run": { type: "boolean" },
} as const;

/** `config get|put|check|import`. Throws `CommandFailure`. */
export function parseConfigCommand(argv: readonly string[]): ConfigLine {
  const [action = "help", ...rest] = argv;
  switch (action) {
    case "get": {
      const { values } = readLine(`config ${action}`, rest, { options: ADMIN });
      if (values.help === true) return { kind: "help", about: "config" };
      return { kind: "config", action, admin: readAdmin(values) };
    }
    case "put": {
      const { values, words } = readLine(`config ${action}`, rest, {
        options: PUT,
        words: ["FILE"],
      });
      if (values.help === true) return { kind: "help", about: "config" };
      return {
        kind: "config",
        action,
        admin: readAdmin(values),
        file: requireWord(words, "put a config", "FILE"),
        ifVersion: readVersion(values["if-version"]),
        dryRun: values["dry-run"] === true,
      };
    }
    case "check": {
      const { values, words } = readLine(`config ${action}`, rest, {
        options: HELP,
        words: ["FILE"],
      });
      if (values.help === true) return { kind: "help", about: "config" };
      return { kind: "config", action, file: requireWord(words, "check a config", "FILE") };
    }
    case "import": {
      const { values } = readLine(`config ${action}`, rest, { options: IMPORT });
      if (values.help === true) return { kind: "help", about: "config" };
      return {
        kind: "config",
        action,
        from: (values.from ?? []).map(readClient),
        write: readText("--write", values.write),
        yes: values.yes === true,
      };
    }
    default:
      if (isHelp(action)) return { kind: "help", about: "config" };
      throw new CommandFailure(
        `Cannot run config ${JSON.stringify(action)}: wanted get, put, check or import (see --help)`,
      );
  }
}

function readClient(text: string): ClientId {
  const ids = Object.keys(CLIENTS).filter((id): id is ClientId => id in CLIENTS);
  const client = ids.find((id) => id === text);
  if (client !== undefined) return client;
  throw new CommandFailure(`--from: ${JSON.stringify(text)}, wanted one of ${ids.join(", ")}`);
}

function readVersion(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,10}$/.test(text)) return Number(text);
  throw new CommandFailure(`--if-version: ${JSON.stringify(text)}, wanted a number`);
}
