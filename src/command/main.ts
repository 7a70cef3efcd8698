import { GATEWAY_INFO } from "../core/gateway-info.ts";
import { CommandFailure } from "../shell/command-failure.ts";
import type { CommandLine } from "./command-line.ts";
import { PROJECT } from "../shell/project-files.ts";
import { parseStdio } from "../bridge/stdio-line.ts";

const { version: VERSION } = GATEWAY_INFO;

/** Programs start `stdio` again and again and wait for it: nothing is loaded that it does not need. */
async function parse(argv: readonly string[]): Promise<CommandLine> {
  const [first, ...rest] = argv;
  if (first === "stdio") return parseStdio(rest);
  const { parseCommandLine } = await import("./command-line.ts");
  return parseCommandLine(argv);
}

async function run(line: CommandLine): Promise<number> {
  switch (line.kind) {
    case "help": {
      const { helpText } = await import("./help-text.ts");
      console.log(helpText(line.about));
      return 0;
    }
    case "version":
      console.log(VERSION);
      return 0;
    case "start": {
      const { start } = await import("./start.ts");
      return start(line, VERSION);
    }
    case "dev": {
      if (PROJECT.isPacked) {
        throw new CommandFailure('Cannot run "dev": it is for a checkout, and this is a package');
      }
      const { dev } = await import("./dev.ts");
      return dev(line, VERSION);
    }
    case "connect": {
      const { connect } = await import("./connect.ts");
      return connect(line, VERSION);
    }
    case "stdio": {
      const { stdio } = await import("../bridge/stdio.ts");
      return stdio(line, VERSION);
    }
    case "deploy": {
      const { deploy } = await import("./deploy.ts");
      return deploy(line);
    }
    case "config":
    case "keys":
    case "status": {
      const { adminCommand } = await import("./admin-command.ts");
      return adminCommand(line);
    }
    default:
      return line satisfies never;
  }
}

try {
  process.exitCode = await run(await parse(process.argv.slice(2)));
} catch (error) {
  if (!(error instanceof CommandFailure)) throw error;
  console.error(error.message);
  process.exitCode = error.exitCode;
}
// Sockets kept open for another request would hold the process.
process.exit();
