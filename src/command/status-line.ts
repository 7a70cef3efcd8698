import { HELP, readLine } from "./admin-line.ts";
import { readText } from "../shell/read-flags.ts";

export type StatusOptions = Readonly<{
  kind: "status";
  gateway: string | undefined;
  key: string | undefined;
  json: boolean;
}>;

export type StatusLine = StatusOptions | Readonly<{ kind: "help"; about: "status" }>;

const STATUS = {
  ...HELP,
  gateway: { type: "string", short: "g" },
  key: { type: "string", short: "k" },
  json: { type: "boolean" },
} as const;

/** Throws `CommandFailure`. */
export function parseStatusCommand(argv: readonly string[]): StatusLine {
  const { values } = readLine("status", argv, { options: STATUS });
  if (values.help === true) return { kind: "help", about: "status" };
  return {
    kind: "status",
    gateway: readText("--gateway", values.gateway),
    key: readText("--key", values.key),
    json: values.json === true,
  };
}
