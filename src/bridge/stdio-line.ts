import { CommandFailure } from "../shell/command-failure.ts";
import { readFlags, readText } from "../shell/read-flags.ts";

/** As they were written; `stdio-settings.ts` puts them together with the environment. */
export type StdioOptions = Readonly<{
  kind: "stdio";
  gateway: string | undefined;
  key: string | undefined;
  backend: string | undefined;
  defaultModel: string | undefined;
  timeout: string | undefined;
  maxRetries: string | undefined;
  logLevel: string | undefined;
  /** Sign in, and end. */
  login: boolean;
  /** Never open a browser. */
  noLogin: boolean;
}>;

export type StdioLine =
  | StdioOptions
  | Readonly<{ kind: "help"; about: "stdio" }>
  | Readonly<{ kind: "version" }>;

const STDIO = {
  help: { type: "boolean", short: "h" },
  version: { type: "boolean" },
  gateway: { type: "string", short: "g" },
  // As openai-gateway-mcp calls it.
  "gateway-url": { type: "string" },
  key: { type: "string", short: "k" },
  backend: { type: "string", short: "b" },
  "default-model": { type: "string" },
  timeout: { type: "string" },
  "max-retries": { type: "string" },
  "log-level": { type: "string" },
  login: { type: "boolean" },
  "no-login": { type: "boolean" },
} as const;

/** The line of `stdio`. Throws `CommandFailure`. */
export function parseStdio(argv: readonly string[]): StdioLine {
  const { values, after } = readFlags({ command: "stdio", argv, options: STDIO });
  if (values.help === true) return { kind: "help", about: "stdio" };
  if (values.version === true) return { kind: "version" };
  if (after !== undefined) {
    throw new CommandFailure('Cannot start a server after "--": stdio speaks to a gateway');
  }
  if (values.login === true && values["no-login"] === true) {
    throw new CommandFailure("Cannot use --login together with --no-login");
  }
  return {
    kind: "stdio",
    gateway: readText("--gateway", values.gateway ?? values["gateway-url"]),
    key: readText("--key", values.key),
    backend: readText("--backend", values.backend),
    defaultModel: readText("--default-model", values["default-model"]),
    timeout: readText("--timeout", values.timeout),
    maxRetries: readText("--max-retries", values["max-retries"]),
    logLevel: readText("--log-level", values["log-level"]),
    login: values.login === true,
    noLogin: values["no-login"] === true,
  };
}
