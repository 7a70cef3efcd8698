import { oneLine } from "../shell/terminal.ts";

const LEVELS = ["debug", "info", "warn", "error"] as const;
type Level = (typeof LEVELS)[number];

/** What happens, never what is said: no arguments, no results, no credentials. */
export type StdioLog = Readonly<Record<Level, (line: string) => void>>;

/** For stderr: stdout belongs to the protocol. */
export function createStdioLog(level: Level, write: (text: string) => void): StdioLog {
  const from = LEVELS.indexOf(level);
  const at = (own: Level) =>
    LEVELS.indexOf(own) < from
      ? () => {}
      : (line: string) => write(`mcp-edge-gateway ${own}: ${oneLine(line, 400)}\n`);
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}
