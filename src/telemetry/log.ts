import { jsonLine } from "./json-line.ts";

export type LogLevel = "debug" | "info" | "warn" | "error";

export type Log = Readonly<
  Record<LogLevel, (message: string, fields?: Readonly<Record<string, string | number>>) => void>
>;

const ORDER: readonly LogLevel[] = ["debug", "info", "warn", "error"];

/** One line of JSON per event. Callers pass no secrets, no arguments and no results. */
export function createLog(level: string | undefined, write: (line: string) => void): Log {
  const threshold = Math.max(0, ORDER.indexOf(ORDER.find((known) => known === level) ?? "warn"));
  const at =
    (name: LogLevel) =>
    (message: string, fields: Readonly<Record<string, string | number>> = {}) => {
      if (ORDER.indexOf(name) < threshold) return;
      write(jsonLine({ level: name, message, ...fields }));
    };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}
