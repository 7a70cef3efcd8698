import { basename } from "node:path";
import { CommandFailure } from "../shell/command-failure.ts";
import { describeConfigChange } from "./config-change.ts";
import { watchConfigFile, type ConfigWatch } from "./config-file.ts";
import type { GatewayClient } from "./gateway-client.ts";
import { oneLine } from "../shell/terminal.ts";
import type { ResolvedVariables } from "./worker-variables.ts";
import { parseConfig, parseDocumentText } from "../config/config-document.ts";

/** Long enough for path, value and what was wanted; a value is someone else's text. */
const PROBLEM_WIDTH = 400;

export type ConfigSessionOptions = Readonly<{
  /** The watched file; undefined when the document comes from the command line. */
  path: string | undefined;
  /** What the file holds now, and what was resolved for it. */
  text: string;
  variables: ResolvedVariables["variables"];
  missing: readonly string[];
  client: Pick<GatewayClient, "putConfig">;
  resolveFor: (text: string) => Promise<ResolvedVariables>;
  /** The text as the gateway gets it. */
  toGateway: (text: string) => string;
  restart: (variables: ResolvedVariables["variables"]) => Promise<void>;
  /** Called with each text the gateway has taken. */
  onInForce: (text: string) => Promise<void>;
  say: (line: string) => void;
}>;

export type ConfigSession = Readonly<{
  /** Throws `CommandFailure` when the gateway refuses the file. */
  applyFirst: () => Promise<void>;
  watch: () => void;
  stop: () => void;
}>;

/** Brings the config file into force, at the start and with every edit. */
export function createConfigSession(options: ConfigSessionOptions): ConfigSession {
  const { client, resolveFor, toGateway, restart, onInForce, say } = options;
  const name = options.path === undefined ? "command line" : basename(options.path);
  /** The last text in force: what an edit is compared with. */
  let inForce = options.text;
  let variables = options.variables;
  let watching: ConfigWatch | undefined;

  let toldMissing: readonly string[] = [];
  /** Each name once, until it was there and is missing again. */
  function sayMissing(missing: readonly string[]): void {
    for (const variable of missing) {
      if (toldMissing.includes(variable)) continue;
      say(`${name}: \${${variable}} is neither in the environment nor in .dev.vars`);
    }
    toldMissing = missing;
  }

  function sayWarnings(warnings: readonly string[]): void {
    for (const warning of warnings) say(`${name}: ${oneLine(warning, PROBLEM_WIDTH)}`);
  }

  /** Only a valid edit may restart the Worker: an invalid one changes nothing. */
  async function bindNewVariables(text: string): Promise<void> {
    if (!isValid(toGateway(text))) return;
    const resolved = await resolveFor(text);
    if (JSON.stringify(resolved.variables) !== JSON.stringify(variables)) {
      await restart(resolved.variables);
      variables = resolved.variables;
    }
    sayMissing(resolved.missing);
  }

  async function bringIntoForce(text: string): Promise<void> {
    try {
      await onInForce(text);
    } catch (error) {
      say(
        `${name}: ${oneLine(error instanceof Error ? error.message : String(error), PROBLEM_WIDTH)}`,
      );
    }
  }

  async function apply(text: string | undefined): Promise<void> {
    if (text === undefined) {
      say(`${name}: the file is gone, the last config stays in force`);
      return;
    }
    try {
      await bindNewVariables(text);
    } catch (error) {
      say(`${name}: ${oneLine(error instanceof Error ? error.message : String(error))}`);
      return;
    }
    const outcome = await client.putConfig(toGateway(text));
    switch (outcome.kind) {
      case "accepted": {
        say(`${name}: ${describeConfigChange(inForce, text) ?? "saved, nothing changed"}`);
        inForce = text;
        sayWarnings(outcome.warnings);
        await bringIntoForce(text);
        return;
      }
      case "refused":
        say(`${name}: ${oneLine(outcome.message, PROBLEM_WIDTH)} (the last config stays in force)`);
        return;
      case "failed":
        say(`${name}: cannot hand it to the gateway: ${oneLine(outcome.message)}`);
        return;
      default:
        outcome satisfies never;
    }
  }

  return {
    applyFirst: async () => {
      const outcome = await client.putConfig(toGateway(options.text));
      if (outcome.kind !== "accepted") {
        const before = outcome.kind === "refused" ? "" : "cannot hand it to the gateway: ";
        throw new CommandFailure(`${name}: ${before}${oneLine(outcome.message, PROBLEM_WIDTH)}`);
      }
      sayMissing(options.missing);
      sayWarnings(outcome.warnings);
      await bringIntoForce(options.text);
    },
    watch: () => {
      if (options.path === undefined) return;
      watching = watchConfigFile({ path: options.path, text: inForce, onChange: apply });
    },
    stop: () => watching?.stop(),
  };
}

function isValid(text: string): boolean {
  try {
    parseConfig(parseDocumentText(text));
    return true;
  } catch {
    return false; // the gateway's answer to it names path, value and what was wanted
  }
}
